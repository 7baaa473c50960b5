{{/* One Deployment. Takes root, component, roles, resources, and replicas unless KEDA counts them. */}}
{{- define "bellwether.deployment" -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "bellwether.componentName" . }}
  labels:
    {{- include "bellwether.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  {{- if hasKey . "replicas" }}
  replicas: {{ int .replicas }}
  {{- end }}
  selector:
    matchLabels:
      {{- include "bellwether.selectorLabels" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
  strategy:
    type: RollingUpdate
    # First a new pod that is ready, then an old one less: queues keep their workers.
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
  template:
    metadata:
      labels:
        {{- include "bellwether.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
        {{- with $values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- $restart := and $values.config.restartOnChange $values.config.jobs }}
      {{- if or $restart $values.podAnnotations }}
      annotations:
        {{- if $restart }}
        checksum/config: {{ include "bellwether.configData" $root | sha256sum }}
        {{- end }}
        {{- with $values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "bellwether.serviceAccountName" $root }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- with $values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      # Handlers get {{ $values.shutdownTimeoutSeconds }} s; then their runs go back to their queues, which takes a moment.
      terminationGracePeriodSeconds: {{ add $values.shutdownTimeoutSeconds $values.terminationMarginSeconds }}
      securityContext:
        {{- with $values.podSecurityContext }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        {{- if $values.topologySpreadConstraints }}
        {{- toYaml $values.topologySpreadConstraints | nindent 8 }}
        {{- else }}
        {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - topologyKey: {{ . }}
          maxSkew: 1
          whenUnsatisfiable: ScheduleAnyway
          matchLabelKeys: [pod-template-hash]
          labelSelector:
            matchLabels:
              {{- include "bellwether.selectorLabels" $root | nindent 14 }}
              app.kubernetes.io/component: {{ $.component }}
        {{- end }}
        {{- end }}
      containers:
        - name: bellwether
          image: {{ include "bellwether.image" $root | quote }}
          imagePullPolicy: {{ $values.image.pullPolicy }}
          args:
            - run
            - --config=/etc/bellwether
            - --roles={{ .roles }}
            - --id=$(POD_NAME)
          env:
            - name: POD_NAME
              valueFrom:
                fieldRef:
                  fieldPath: metadata.name
            - name: BELLWETHER_GENERATION
              value: {{ include "bellwether.generation" $root | quote }}
            # For a bellwether.yaml of yours that says ${BELLWETHER_NAMESPACE}, or nothing.
            - name: BELLWETHER_NAMESPACE
              value: {{ include "bellwether.namespace" $root | quote }}
            {{- if $values.redis.existingSecret.name }}
            - name: REDIS_URL
              valueFrom:
                secretKeyRef:
                  name: {{ $values.redis.existingSecret.name }}
                  key: {{ $values.redis.existingSecret.key }}
            {{- else if $values.redis.url }}
            - name: REDIS_URL
              value: {{ $values.redis.url | quote }}
            {{- end }}
            {{- if $values.etcd.existingSecret.name }}
            - name: ETCD_USERNAME
              valueFrom:
                secretKeyRef:
                  name: {{ $values.etcd.existingSecret.name }}
                  key: {{ $values.etcd.existingSecret.usernameKey }}
            - name: ETCD_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: {{ $values.etcd.existingSecret.name }}
                  key: {{ $values.etcd.existingSecret.passwordKey }}
            {{- end }}
            {{- with $values.env }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- with $values.envFrom }}
          envFrom:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          ports:
            - name: http
              containerPort: 8080
            {{- if $values.admin.enabled }}
            - name: admin
              containerPort: 8081
            {{- end }}
          startupProbe:
            httpGet: { path: /livez, port: http }
            {{- toYaml $values.probes.startup | nindent 12 }}
          livenessProbe:
            httpGet: { path: /livez, port: http }
            {{- toYaml $values.probes.liveness | nindent 12 }}
          readinessProbe:
            httpGet: { path: /readyz, port: http }
            {{- toYaml $values.probes.readiness | nindent 12 }}
          {{- with .resources }}
          resources:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            runAsNonRoot: true
            capabilities:
              drop: [ALL]
          volumeMounts:
            {{- if include "bellwether.configMapName" $root }}
            # The whole folder: a subPath would not follow changes.
            - name: config
              mountPath: /etc/bellwether
              readOnly: true
            {{- end }}
            {{- if $values.etcd.tls.existingSecret }}
            - name: etcd-tls
              mountPath: /etc/bellwether-etcd
              readOnly: true
            {{- end }}
            {{- if and $values.admin.enabled $values.admin.existingSecret.name }}
            # The whole folder, as above: tokens are changed without a restart.
            - name: admin-tokens
              mountPath: /etc/bellwether-admin
              readOnly: true
            {{- end }}
            - name: tmp
              mountPath: /tmp
            {{- with $values.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        {{- with include "bellwether.configMapName" $root }}
        - name: config
          configMap:
            name: {{ . }}
        {{- end }}
        {{- with $values.etcd.tls.existingSecret }}
        - name: etcd-tls
          secret:
            secretName: {{ . }}
        {{- end }}
        {{- if and $values.admin.enabled $values.admin.existingSecret.name }}
        - name: admin-tokens
          secret:
            secretName: {{ $values.admin.existingSecret.name }}
        {{- end }}
        - name: tmp
          emptyDir:
            sizeLimit: {{ $values.tmpSizeLimit }}
        {{- with $values.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end -}}

{{/* Takes root and component. */}}
{{- define "bellwether.componentName" -}}
{{- $fullname := include "bellwether.fullname" .root -}}
{{- if .root.Values.roles.split -}}
{{ $fullname }}-{{ .component }}
{{- else -}}
{{ $fullname }}
{{- end -}}
{{- end -}}

{{/* The component whose pods take runs. */}}
{{- define "bellwether.workingComponent" -}}
{{- ternary "worker" "replica" .Values.roles.split -}}
{{- end -}}
