/** What people would install the chart with. Each has to render to valid objects; chart.test.ts says what else holds. */
import type { Values } from "./renderer.ts";

const JOBS = {
  defaults: { timezone: "Europe/Berlin" },
  jobs: {
    nightly: {
      cron: "0 2 * * *",
      handler: "echo",
      data: { greeting: "${GREETING:-hello} {{ not a template }}" },
    },
  },
};

export const VALUE_SETS = {
  defaults: {},

  "inline configuration, Redis with a password": {
    image: { repository: "registry.example/team/jobs", tag: "1.2.3" },
    redis: { existingSecret: { name: "redis-credentials", key: "url" } },
    config: {
      jobs: JOBS,
      bellwether: { namespace: "shop", queues: { default: { concurrency: 20 } }, log: { level: "debug" } },
    },
    shutdownTimeoutSeconds: 900,
  },

  "the dashboard behind an Ingress": {
    redis: { url: "redis://redis:6379" },
    config: { jobs: JOBS },
    admin: {
      enabled: true,
      port: 80,
      basePath: "/ops",
      existingSecret: { name: "dashboard-tokens" },
      proxy: { from: ["10.0.0.0/8"], roles: { "*": "viewer" } },
      ingress: {
        enabled: true,
        className: "nginx",
        host: "jobs.example",
        annotations: { "example.com/a": "b" },
        tlsSecret: "jobs-tls",
      },
    },
    networkPolicy: { enabled: true, adminFrom: [{ podSelector: { matchLabels: { app: "proxy" } } }] },
  },

  "election on etcd, with TLS and a user": {
    redis: { url: "rediss://redis.shop:6379" },
    election: { store: "etcd", leaseTtl: "6s" },
    etcd: {
      hosts: ["https://etcd-0.etcd:2379", "https://etcd-1.etcd:2379", "https://etcd-2.etcd:2379"],
      existingSecret: { name: "etcd-user" },
      tls: { existingSecret: "etcd-tls", clientCertificate: true },
    },
    config: { jobs: JOBS },
  },

  "a ConfigMap of the user's, and everything that places pods": {
    nameOverride: "jobs",
    redis: { url: "redis://redis:6379" },
    config: { existingConfigMap: "our-jobs" },
    generation: 20261124,
    imagePullSecrets: [{ name: "registry" }],
    env: [{ name: "SMTP_HOST", value: "mail" }],
    envFrom: [{ secretRef: { name: "smtp" } }],
    extraVolumes: [{ name: "reports", persistentVolumeClaim: { claimName: "reports" } }],
    extraVolumeMounts: [{ name: "reports", mountPath: "/var/reports" }],
    podAnnotations: { "example.com/scrape": "true" },
    podLabels: { team: "shop" },
    nodeSelector: { "kubernetes.io/arch": "amd64" },
    tolerations: [{ key: "batch", operator: "Exists", effect: "NoSchedule" }],
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 1,
            preference: { matchExpressions: [{ key: "disk", operator: "In", values: ["ssd"] }] },
          },
        ],
      },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: { "app.kubernetes.io/name": "jobs" } },
      },
    ],
    priorityClassName: "high",
    podSecurityContext: { runAsUser: null, runAsGroup: null, fsGroup: null },
    serviceAccount: { create: false, name: "jobs" },
    podDisruptionBudget: { maxUnavailable: "34%" },
  },

  "split roles, scaled by KEDA": {
    roles: { split: true, scheduler: { replicas: 3 } },
    redis: { existingSecret: { name: "redis-credentials" } },
    config: { jobs: JOBS },
    serviceMonitor: { enabled: true },
    keda: {
      enabled: true,
      prometheusAddress: "http://prometheus.monitoring:9090",
      minReplicas: 2,
      maxReplicas: 30,
      queues: [
        { name: "default", runsPerReplica: 20 },
        { name: "imports", runsPerReplica: 2 },
      ],
    },
  },

  "everything that watches": {
    redis: { url: "redis://redis:6379" },
    config: { jobs: JOBS },
    serviceMonitor: { enabled: true, labels: { release: "prometheus" } },
    prometheusRule: { enabled: true, labels: { release: "prometheus" } },
    grafanaDashboard: { enabled: true, annotations: { grafana_folder: "Jobs" } },
    networkPolicy: {
      enabled: true,
      ingressFrom: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } }],
      egress: [
        {
          to: [{ podSelector: { matchLabels: { app: "redis" } } }],
          ports: [{ port: 6379, protocol: "TCP" }],
        },
      ],
    },
  },

  "Sentinel, an image by its digest, restarts on changes": {
    image: { repository: "registry.example/jobs", digest: `sha256:${"0123456789abcdef".repeat(4)}` },
    replicas: 1,
    redis: { sentinel: { name: "mymaster", nodes: ["sentinel-0:26379", "sentinel-1:26379"] } },
    config: { jobs: JOBS, restartOnChange: true },
    podDisruptionBudget: { enabled: false },
  },
} satisfies Readonly<Record<string, Values>>;

export type ValueSet = keyof typeof VALUE_SETS;
