import htm from "htm";
import { h, type VNode } from "preact";

/** Tagged templates instead of JSX. Values become text or attributes, never markup. */
export const html = htm.bind(h) as (parts: TemplateStringsArray, ...values: unknown[]) => VNode;

/** Class names in one string; false, null and "" are left out. */
export function classes(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(" ");
}
