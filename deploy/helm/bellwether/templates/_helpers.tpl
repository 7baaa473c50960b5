{{- define "bellwether.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* 52: the roles and a pod's hash come behind it. */}}
{{- define "bellwether.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "bellwether.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "bellwether.selectorLabels" -}}
app.kubernetes.io/name: {{ include "bellwether.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "bellwether.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "bellwether.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "bellwether.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "bellwether.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "bellwether.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ include "bellwether.tag" . }}
{{- end -}}
{{- end -}}

{{/* A number is a tag, too, 0 as well. int64: see bellwether.generation. */}}
{{- define "bellwether.tag" -}}
{{- $tag := .Values.image.tag -}}
{{- if kindIs "invalid" $tag -}}
{{- .Chart.AppVersion -}}
{{- else if kindIs "string" $tag -}}
{{- $tag | default .Chart.AppVersion -}}
{{- else -}}
{{- int64 $tag -}}
{{- end -}}
{{- end -}}

{{/*
The namespace in Redis and etcd: two releases of one name in two Kubernetes namespaces must not meet in one Redis. A
Kubernetes namespace has no dot, so the first dot ends it. Bellwether accepts 100 characters; a hash keeps longer ones apart.
*/}}
{{- define "bellwether.namespace" -}}
{{- $name := printf "%s.%s" .Release.Namespace (include "bellwether.fullname" .) -}}
{{- if gt (len $name) 100 -}}
{{- printf "%s-%s" (trunc 83 $name) ($name | sha256sum | trunc 16) -}}
{{- else -}}
{{- $name -}}
{{- end -}}
{{- end -}}

{{/* int64: Helm hands whole numbers of a values file on as floats, and 20261124 would read 2.0261124e+07. */}}
{{- define "bellwether.generation" -}}
{{- .Values.generation | default .Release.Revision | int64 -}}
{{- end -}}

{{/* For people: a file that the chart does not write has the last word. */}}
{{- define "bellwether.shownNamespace" -}}
{{- if and .Values.config.jobs (not .Values.config.existingConfigMap) -}}
{{- get .Values.config.bellwether "namespace" | default (include "bellwether.namespace" .) -}}
{{- else -}}
{{ include "bellwether.namespace" . }}, if bellwether.yaml has it from BELLWETHER_NAMESPACE or has none
{{- end -}}
{{- end -}}

{{/* The ConfigMap that is mounted; nothing when the image brings the configuration. */}}
{{- define "bellwether.configMapName" -}}
{{- if .Values.config.existingConfigMap -}}
{{- .Values.config.existingConfigMap -}}
{{- else if .Values.config.jobs -}}
{{- include "bellwether.fullname" . }}-config
{{- end -}}
{{- end -}}

{{/* bellwether.yaml. Secrets stay in the environment; config.bellwether has the last word. */}}
{{- define "bellwether.settings" -}}
{{- $redis := dict "url" "${REDIS_URL}" -}}
{{- with .Values.redis.sentinel -}}
{{- if .name -}}
{{- $redis = dict "sentinel" (dict "name" .name "nodes" .nodes) -}}
{{- end -}}
{{- end -}}
{{- $election := dict "store" .Values.election.store "leaseTtl" .Values.election.leaseTtl -}}
{{- if eq .Values.election.store "etcd" -}}
{{- $etcd := dict "hosts" .Values.etcd.hosts -}}
{{- if .Values.etcd.existingSecret.name -}}
{{- $_ := set $etcd "username" "${ETCD_USERNAME}" -}}
{{- $_ := set $etcd "password" "${ETCD_PASSWORD}" -}}
{{- end -}}
{{- if .Values.etcd.tls.existingSecret -}}
{{- $tls := dict "ca" "/etc/bellwether-etcd/ca.crt" -}}
{{- if .Values.etcd.tls.clientCertificate -}}
{{- $_ := set $tls "cert" "/etc/bellwether-etcd/tls.crt" -}}
{{- $_ := set $tls "key" "/etc/bellwether-etcd/tls.key" -}}
{{- end -}}
{{- $_ := set $etcd "tls" $tls -}}
{{- end -}}
{{- $_ := set $election "etcd" $etcd -}}
{{- end -}}
{{- $settings := dict
  "namespace" (include "bellwether.namespace" .)
  "redis" $redis
  "election" $election
  "generation" "${BELLWETHER_GENERATION:-0}"
  "http" (dict "host" "0.0.0.0" "port" 8080)
  "shutdownTimeout" (printf "%ds" (int .Values.shutdownTimeoutSeconds))
-}}
{{- with .Values.admin -}}
{{- if .enabled -}}
{{- $admin := dict "host" "0.0.0.0" "port" 8081 "basePath" .basePath "viewersSeeData" .viewersSeeData -}}
{{- if .existingSecret.name -}}
{{- $_ := set $admin "tokenFile" (printf "/etc/bellwether-admin/%s" .existingSecret.key) -}}
{{- end -}}
{{- if .proxy -}}
{{- $_ := set $admin "proxy" .proxy -}}
{{- end -}}
{{- $_ := set $settings "admin" $admin -}}
{{- end -}}
{{- end -}}
{{- toYaml (mergeOverwrite $settings (deepCopy .Values.config.bellwether)) -}}
{{- end -}}

{{- define "bellwether.configData" -}}
bellwether.yaml: |
  {{- include "bellwether.settings" . | nindent 2 }}
jobs.yaml: |
  {{- toYaml .Values.config.jobs | nindent 2 }}
{{- end -}}

{{/* Values that contradict each other, told all at once. */}}
{{- define "bellwether.check" -}}
{{- $problems := list -}}
{{- $own := and .Values.config.jobs (not .Values.config.existingConfigMap) -}}
{{- $tag := .Values.image.tag -}}
{{- if and (kindIs "float64" $tag) (or (ne (float64 (int64 $tag)) $tag) (gt $tag 9007199254740991.0)) -}}
{{- $problems = append $problems (printf "image.tag is the number %v, and a number has lost what was written (1.10 is 1.1): expected a text. Put it in quotes, or use --set-string image.tag=…" $tag) -}}
{{- end -}}
{{- if and .Values.config.existingConfigMap .Values.config.jobs -}}
{{- $problems = append $problems "config.existingConfigMap and config.jobs are both set: expected one of them" -}}
{{- end -}}
{{- if and .Values.config.bellwether (not $own) -}}
{{- $problems = append $problems "config.bellwether has no effect without config.jobs" -}}
{{- end -}}
{{- if not $own -}}
{{- if .Values.redis.sentinel.name -}}
{{- $problems = append $problems "redis.sentinel has no effect without config.jobs: it stands in bellwether.yaml" -}}
{{- end -}}
{{- if or (ne .Values.election.store "redis") (ne .Values.election.leaseTtl "10s") .Values.etcd.hosts -}}
{{- $problems = append $problems "election and etcd have no effect without config.jobs: they stand in bellwether.yaml" -}}
{{- end -}}
{{- else if not (or .Values.redis.url .Values.redis.existingSecret.name .Values.redis.sentinel.name (hasKey .Values.config.bellwether "redis")) -}}
{{- $problems = append $problems "which Redis? Expected redis.url, redis.existingSecret.name or redis.sentinel" -}}
{{- end -}}
{{- if and .Values.redis.url .Values.redis.existingSecret.name -}}
{{- $problems = append $problems "redis.url and redis.existingSecret.name are both set: expected one of them" -}}
{{- end -}}
{{- if and .Values.redis.sentinel.name (not .Values.redis.sentinel.nodes) -}}
{{- $problems = append $problems "redis.sentinel.nodes is empty: expected host:port of the sentinels" -}}
{{- end -}}
{{- if and (eq .Values.election.store "etcd") (not .Values.etcd.hosts) -}}
{{- $problems = append $problems "election.store is etcd: expected etcd.hosts" -}}
{{- end -}}
{{- if and .Values.keda.enabled (not .Values.keda.prometheusAddress) -}}
{{- $problems = append $problems "keda.enabled: expected keda.prometheusAddress" -}}
{{- end -}}
{{- if and .Values.keda.enabled (gt (int .Values.keda.minReplicas) (int .Values.keda.maxReplicas)) -}}
{{- $problems = append $problems "keda.minReplicas is above keda.maxReplicas" -}}
{{- end -}}
{{- if and .Values.admin.enabled $own (not (or .Values.admin.existingSecret.name .Values.admin.proxy (hasKey .Values.config.bellwether "admin"))) -}}
{{- $problems = append $problems "admin.enabled: who may use it? Expected admin.existingSecret.name or admin.proxy" -}}
{{- end -}}
{{- if and .Values.admin.ingress.enabled (not .Values.admin.enabled) -}}
{{- $problems = append $problems "admin.ingress.enabled has no effect without admin.enabled" -}}
{{- end -}}
{{- if and .Values.admin.ingress.enabled (not .Values.admin.ingress.host) -}}
{{- $problems = append $problems "admin.ingress.enabled: expected admin.ingress.host" -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n  %s\n" (join "\n  " $problems)) -}}
{{- end -}}
{{- end -}}
