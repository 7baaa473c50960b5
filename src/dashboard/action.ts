/** An action of an operator, from the question to its result. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";

export type Values = Readonly<Record<string, string>>;

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly kind: "text" | "number" | "instant" | "json" | "choice";
  readonly value?: string;
  readonly help?: string;
  readonly choices?: readonly (readonly [value: string, label: string])[];
  readonly isRequired?: boolean;
}

/** What an action would do, or has done. */
export interface Told {
  readonly text: ComponentChildren;
  /** More of it, a line each. */
  readonly lines?: readonly string[];
  /** How many it is about; 0 leaves nothing to confirm. */
  readonly count?: number;
}

export interface Action {
  readonly title: string;
  /** What happens after the confirmation, in a sentence. */
  readonly effect: ComponentChildren;
  readonly fields?: readonly Field[];
  /** Asks the server what would happen; called again when a field has changed. */
  readonly preview?: (values: Values) => Promise<Told>;
  /** The label of the button, with the count where it is known. */
  readonly confirm: (count: number | null) => string;
  readonly isGrave?: boolean;
  /** `key` is the same for each try of one dialog, so that a second try repeats nothing. */
  readonly submit: (values: Values, key: string) => Promise<Told>;
  /** Narrows the audit to the row of this action. */
  readonly audit: { readonly action: string; readonly job?: string };
}

export interface OpenedAction extends Action {
  /** Counts: each opening is a dialog of its own. */
  readonly opening: number;
}

/** The one that is open. */
export const openedAction = signal<OpenedAction | null>(null);
let openings = 0;

export function openAction(action: Action): void {
  openings += 1;
  openedAction.value = { ...action, opening: openings };
}

/** A browser says late that a dialog has closed: the next one may be open by then, and stays. */
export function closeAction(opening: number): void {
  if (openedAction.value?.opening === opening) openedAction.value = null;
}
