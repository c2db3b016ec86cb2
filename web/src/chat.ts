// The chat page: asks for an XMPP address and password, then hands over to Converse. Shows one of four views (start,
// login, connecting, chat), says in words what went wrong, remembers the address and, if asked to, the session.

import { askDeployment, deploymentNotice, letsSomebodyIn } from "./deployment.ts";
import { readServerWords } from "./server-words.ts";
import { startSession } from "./session.ts";
import type { Credentials } from "./session.ts";
import { toBareJid } from "./typed-jid.ts";
import { replaceConverseLogin } from "./waiting.ts";

// Converse's own key: the account whose SCRAM keys it keeps. Absent after a logout.
const KEPT_SESSION = "conversejs-session-jid";
const LAST_JID = "xmpproxy.jid";
const NOTICE = "xmpproxy.notice";

function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) {
    throw new TypeError(`index.html has no #${id}`);
  }
  return found;
}

const form = element("login-form", HTMLFormElement);
const notice = element("notice", HTMLParagraphElement);
const jidInput = element("jid", HTMLInputElement);
const passwordInput = element("password", HTMLInputElement);
const keepInput = element("keep", HTMLInputElement);
const submit = element("submit", HTMLButtonElement);

function show(view: "login" | "connecting" | "chat"): void {
  document.body.dataset["view"] = view;
}

function say(words: string | undefined): void {
  notice.textContent = words ?? "";
  notice.hidden = words === undefined;
}

/** Reads and forgets what the page that was here before the reload wanted said. */
function takeNotice(): string | undefined {
  const words = sessionStorage.getItem(NOTICE);
  sessionStorage.removeItem(NOTICE);
  return words ?? undefined;
}

/** The session is over, or has not come about: start afresh, with the reason on the login form. */
function onEnded(reason: string | undefined): void {
  if (reason !== undefined) {
    sessionStorage.setItem(NOTICE, reason);
  }
  // After Converse's own listeners, which tidy up.
  setTimeout(() => location.reload(), 0);
}

function logIn(credentials: Credentials): void {
  show("connecting");
  const onConnected = (): void => show("chat");
  const onNoKeys = (): void => {
    localStorage.removeItem(KEPT_SESSION);
    onEnded(undefined);
  };
  startSession(credentials, { onConnected, onNoKeys, onEnded }).catch((error: unknown) => {
    onEnded(`The chat could not be started: ${String(error)}`);
  });
}

function onSubmit(event: SubmitEvent): void {
  event.preventDefault();
  const jid = toBareJid(jidInput.value);
  if (jid === undefined) {
    say("An XMPP address looks like you@example.org.");
    jidInput.focus();
    return;
  }
  localStorage.setItem(LAST_JID, jid);
  logIn({ jid, password: passwordInput.value, keep: keepInput.checked });
}

/** The login form with a notice, or with what the deployment has to say of itself. */
async function showLogin(words: string | undefined): Promise<void> {
  jidInput.value = localStorage.getItem(LAST_JID) ?? "";
  say(words);
  show("login");
  (jidInput.value === "" ? jidInput : passwordInput).focus();
  const deployment = await askDeployment();
  submit.disabled = !letsSomebodyIn(deployment);
  if (words === undefined || submit.disabled) {
    say(deploymentNotice(deployment) ?? words);
  }
}

readServerWords();
replaceConverseLogin();
form.addEventListener("submit", onSubmit);

const words = takeNotice();
const kept = localStorage.getItem(KEPT_SESSION);
if (words === undefined && kept !== null) {
  logIn({ jid: kept, keep: true });
} else {
  // Keys that did not open the door once will not the next time.
  localStorage.removeItem(KEPT_SESSION);
  await showLogin(words);
}
