/** Checks objects against the JSON schemas of Kubernetes, the Prometheus operator and KEDA that kubernetes-models ships. */
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import {
  PrometheusRule,
  ServiceMonitor,
} from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import { Deployment } from "kubernetes-models/apps/v1";
import { Ingress, NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { ConfigMap, Service, ServiceAccount } from "kubernetes-models/v1";
import type { KubernetesObject } from "./renderer.ts";

interface Model {
  readonly apiVersion: string;
  readonly kind: string;
  readonly prototype: { validate(): void };
}

const MODELS: readonly Model[] = [
  ConfigMap,
  Deployment,
  Ingress,
  NetworkPolicy,
  PodDisruptionBudget,
  PrometheusRule,
  ScaledObject,
  Service,
  ServiceAccount,
  ServiceMonitor,
];

/** What is wrong with the object; empty when nothing is. */
export function findSchemaProblems(object: KubernetesObject): string[] {
  const { apiVersion, kind } = object;
  const model = MODELS.find(model => model.apiVersion === apiVersion && model.kind === kind);
  if (!model) return [`no schema for ${apiVersion} ${kind}`];
  const watched = new WatchedObject();
  try {
    model.prototype.validate.call(watched.watch(object, ""));
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  return watched.ignoredFields().map(field => `${field} is no field of ${kind}`);
}

/**
 * The schemas allow fields that they do not know, and Kubernetes drops such fields: a misspelt probe would be no probe.
 * A validator reads each field that its schema knows, so one that it did not read, beside others that it did, is unknown.
 */
class WatchedObject {
  readonly #watched: { readonly target: object; readonly path: string; readonly read: Set<PropertyKey> }[] =
    [];
  readonly #proxies = new Map<object, object>();

  watch(target: object, path: string): object {
    const known = this.#proxies.get(target);
    if (known) return known;
    const read = new Set<PropertyKey>();
    const proxy = new Proxy(target, {
      get: (_, key) => {
        read.add(key);
        const value: unknown = Reflect.get(target, key);
        return typeof value === "object" && value !== null
          ? this.watch(value, `${path}.${String(key)}`)
          : value;
      },
    });
    this.#watched.push({ target, path, read });
    this.#proxies.set(target, proxy);
    return proxy;
  }

  ignoredFields(): string[] {
    return this.#watched
      .filter(({ target, read }) => !Array.isArray(target) && read.size > 0)
      .flatMap(({ target, path, read }) => {
        const unread = Object.keys(target).filter(key => !read.has(key));
        return unread.map(key => `${path}.${key}`);
      });
  }
}
