import { useSignal } from "@preact/signals";
import { html } from "../html.ts";
import { messageOf } from "../request.ts";
import { signIn } from "../session.ts";
import { Logo } from "../shell.ts";

export function SignIn() {
  const problem = useSignal<string | null>(null);
  const isBusy = useSignal(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    const field = (event.target as HTMLFormElement).elements.namedItem("token") as HTMLInputElement;
    isBusy.value = true;
    problem.value = null;
    try {
      await signIn(field.value.trim());
    } catch (error) {
      problem.value = messageOf(error);
      field.select();
    }
    isBusy.value = false;
  };
  return html`<main class="sign-in" id="main">
    <form class="card" onSubmit=${submit}>
      <h1><${Logo} /> Bellwether</h1>
      <label for="token">Token</label>
      <input
        id="token"
        name="token"
        type="password"
        autocomplete="current-password"
        required
        autofocus
        aria-describedby="token-help"
        aria-invalid=${problem.value !== null}
      />
      <p class="faint" id="token-help">One of <code>admin.tokens</code> in the configuration.</p>
      ${problem.value !== null && html`<p class="problem" role="alert">${problem.value}</p>`}
      <button class="primary" disabled=${isBusy.value}>Sign in</button>
    </form>
  </main>`;
}
