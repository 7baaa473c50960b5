{{- define "bellwether.notes" -}}
{{- $fullname := include "bellwether.fullname" . -}}
Bellwether {{ .Chart.AppVersion }}, release {{ .Release.Name }}, generation {{ include "bellwether.generation" . }}.
Namespace in Redis: {{ include "bellwether.shownNamespace" . }}.
{{- if and .Release.IsUpgrade (not (hasKey .Values.config.bellwether "namespace")) }}
Releases of before this chart's namespaces had {{ $fullname }} there, and none of their runs, cursors and pauses are in the new one:
docs/deploying.md#the-namespace says how to keep it.
{{- end }}

Who leads, and what runs when:

  kubectl --namespace {{ .Release.Namespace }} exec deploy/{{ include "bellwether.componentName" (dict "root" . "component" (include "bellwether.workingComponent" .)) }} -- bellwether status --config /etc/bellwether

Who led, and why that changed:

  kubectl --namespace {{ .Release.Namespace }} logs --prefix --tail=-1 --selector app.kubernetes.io/instance={{ .Release.Name }} | grep '"event":"leader\.'

Metrics:

  kubectl --namespace {{ .Release.Namespace }} port-forward svc/{{ $fullname }} 8080:{{ .Values.service.port }}    then http://127.0.0.1:8080/metrics
{{- if not (include "bellwether.configMapName" .) }}

The configuration is the one in the image, at /etc/bellwether. To keep it in the cluster instead, set config.jobs or
config.existingConfigMap.
{{- end }}
{{- if and (not .Values.roles.split) (lt (int .Values.replicas) 2) (not .Values.keda.enabled) }}

There is one replica: no other one takes over while its pod is replaced. Ticks that fall due in between are launched late,
by each job's catchUp.
{{- end }}
{{- if not .Values.prometheusRule.enabled }}

No alert tells that a job is overdue or that no replica leads: set prometheusRule.enabled (Prometheus operator), or load
deploy/prometheus/alerts.yaml.
{{- end }}
{{- end -}}
