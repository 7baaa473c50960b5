import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import {
  type Action,
  closeAction,
  type Field,
  type OpenedAction,
  openedAction,
  type Told,
  type Values,
} from "./action.ts";
import { classes, html } from "./html.ts";
import { page } from "./place.ts";
import { messageOf } from "./request.ts";
import { refreshAll } from "./stream.ts";
import { zoneName } from "./zone.ts";

const PREVIEW_AFTER_MS = 250;
const SHOWN_LINES = 8;
const INPUT_TYPES: Readonly<Record<string, string>> = { instant: "datetime-local", number: "number" };

type Phase = { readonly at: "asking" | "acting" } | { readonly at: "done"; readonly told: Told };

/** The dialog of the action that is open. */
export function ActionDialog() {
  const action = openedAction.value;
  if (action === null) return null;
  return html`<${Dialog} key=${action.opening} action=${action} />`;
}

function Dialog({ action }: { action: OpenedAction }) {
  const element = useRef<HTMLDialogElement>(null);
  const values = useSignal<Values>(firstValues(action));
  const phase = useSignal<Phase>({ at: "asking" });
  const problem = useSignal<string | null>(null);
  const preview = usePreview(action, values, problem);
  const key = useMemo(newKey, []);
  // Before the next key, which may be Escape, or Enter on the button that opened it.
  useLayoutEffect(() => {
    const opener = document.activeElement as HTMLElement | null;
    element.current?.showModal();
    return () => opener?.focus?.();
  }, []);
  const close = () => element.current?.close();
  const submit = async (event: Event) => {
    event.preventDefault();
    phase.value = { at: "acting" };
    problem.value = null;
    try {
      phase.value = { at: "done", told: await action.submit(values.value, key) };
      // The stream says so too, where it is live.
      refreshAll();
    } catch (error) {
      problem.value = messageOf(error);
      phase.value = { at: "asking" };
    }
  };
  return html`<dialog
    ref=${element}
    aria-labelledby="dialog-title"
    onClose=${() => closeAction(action.opening)}
  >
    <form onSubmit=${submit}>
      <h2 id="dialog-title">${action.title}</h2>
      ${
        phase.value.at === "done"
          ? html`<${Done} told=${phase.value.told} action=${action} close=${close} />`
          : html`<${Question}
              action=${action}
              values=${values}
              preview=${preview}
              problem=${problem}
              isBusy=${phase.value.at === "acting"}
              close=${close}
            />`
      }
    </form>
  </dialog>`;
}

interface QuestionParts {
  readonly action: Action;
  readonly values: Signal<Values>;
  readonly preview: Signal<Told | null>;
  readonly problem: Signal<string | null>;
  readonly isBusy: boolean;
  readonly close: () => void;
}

function Question({ action, values, preview, problem, isBusy, close }: QuestionParts) {
  const isWaiting = action.preview !== undefined && preview.value === null;
  const isEmpty = preview.value?.count === 0;
  return html`
    <p>${action.effect}</p>
    ${action.fields?.map(field => html`<${Input} key=${field.name} field=${field} values=${values} />`)}
    ${action.preview && html`<div class="preview" aria-live="polite">${preview.value ? html`<${ToldText} told=${preview.value} />` : problem.value === null && "Counting …"}</div>`}
    ${problem.value !== null && html`<p class="problem" role="alert">${problem.value}</p>`}
    <div class="buttons">
      <button type="button" class="quiet" onClick=${close}>Cancel</button>
      <button
        class=${classes("primary", action.isGrave && "is-grave")}
        disabled=${isBusy || isWaiting || isEmpty}
        autofocus=${!action.fields}
      >
        ${isBusy ? "Working …" : action.confirm(preview.value?.count ?? null)}
      </button>
    </div>
  `;
}

function Done({ told, action, close }: { told: Told; action: Action; close: () => void }) {
  const audit = page("audit", { action: action.audit.action, job: action.audit.job, newest: "true" });
  return html`
    <div class="done" role="status"><${ToldText} told=${told} /></div>
    <p><a href=${audit} onClick=${close}>See it in the audit</a></p>
    <div class="buttons"><button type="button" class="primary" autofocus onClick=${close}>Close</button></div>
  `;
}

function ToldText({ told }: { told: Told }) {
  const lines = told.lines ?? [];
  const more = lines.length - SHOWN_LINES;
  return html`<p>${told.text}</p>
    ${
      lines.length > 0 &&
      html`<ul class="told">
      ${lines.slice(0, SHOWN_LINES).map(line => html`<li>${line}</li>`)}
      ${more > 0 && html`<li class="faint">and ${more} more</li>`}
    </ul>`
    }`;
}

function Input({ field, values }: { field: Field; values: Signal<Values> }) {
  const id = `field-${field.name}`;
  const set = (event: Event) => {
    values.value = { ...values.value, [field.name]: (event.target as HTMLInputElement).value };
  };
  const value = values.value[field.name] ?? "";
  const help = field.kind === "instant" ? `In ${zoneName()}.` : field.help;
  const shared = {
    id,
    value,
    onInput: set,
    required: field.isRequired ?? false,
    "aria-describedby": `${id}-help`,
  };
  return html`<div class="field">
    <label for=${id}>${field.label}</label>
    ${
      field.kind === "choice"
        ? html`<select ...${shared}>${field.choices?.map(([one, label]) => html`<option value=${one}>${label}</option>`)}</select>`
        : field.kind === "json"
          ? html`<textarea ...${shared} rows="4" spellcheck="false"></textarea>`
          : html`<input ...${shared} type=${INPUT_TYPES[field.kind] ?? "text"} step="1" />`
    }
    ${help && html`<small class="faint" id=${`${id}-help`}>${help}</small>`}
  </div>`;
}

/** Null while it is not known. */
function usePreview(
  action: Action,
  values: Signal<Values>,
  problem: Signal<string | null>,
): Signal<Told | null> {
  const told = useSignal<Told | null>(null);
  const asked = values.value;
  useEffect(() => {
    const ask = action.preview;
    if (!ask) return;
    let isOld = false;
    told.value = null;
    const timer = setTimeout(async () => {
      try {
        const answer = await ask(asked);
        if (isOld) return;
        problem.value = null;
        told.value = answer;
      } catch (error) {
        if (!isOld) problem.value = messageOf(error);
      }
    }, PREVIEW_AFTER_MS);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [asked]);
  return told;
}

function firstValues(action: Action): Values {
  return Object.fromEntries((action.fields ?? []).map(({ name, value }) => [name, value ?? ""]));
}

/** Not randomUUID, which only secure contexts have. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
