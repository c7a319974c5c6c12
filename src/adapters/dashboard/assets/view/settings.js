// The settings: theme, notifications, sign-out. It shows what the model says and tells it what was chosen; it keeps nothing
// but whether a test notification was sent.

import { KINDS } from "../model/needs.js";
import { THEMES } from "../model/settings.js";
import { count } from "../model/words.js";
import { Dialog } from "./dialog.js";
import { Component, html } from "./html.js";

const THEME_WORDS = { system: "System", light: "Light", dark: "Dark" };

const KIND_WORDS = {
  crash_loop: "An agent keeps crashing",
  crash: "An agent crashed",
  error: "An agent reports an error",
  waiting: "An agent waits for you",
};

/** What the browser allows, and what to do about it. */
export const PERMISSION_WORDS = {
  granted: "Your browser allows them. They are shown while this page is open but not in front.",
  default: "Your browser asks for permission when you turn them on.",
  denied: "Your browser blocks them. Open the site settings beside the address, set notifications to “Allow”, then turn them on here.",
  insecure: "Not available here: browsers need https for them, or a page on localhost. Open this page in one of these ways.",
  unavailable: "Not available here: this browser shows none for a page. A browser on a desktop computer does.",
};

/** Props: `screen`, and `epoch` and `seq` of the history that is shown ("" before the first). */
export function SettingsDialog({ screen, epoch, seq }) {
  const { settings, notifier } = screen;
  const signOut = () => {
    screen.closeDialog();
    screen.signOut();
  };
  return html`
    <${Dialog} name="settings" title="Settings" onClose=${() => screen.closeDialog()}>
      <fieldset class="setting">
        <legend>Theme</legend>
        <div class="choices">${THEMES.map((theme) => html`
          <label class="choice">
            <input type="radio" name="theme" value=${theme} data-testid=${`theme-${theme}`}
              checked=${settings.theme === theme} onChange=${() => settings.setTheme(theme)} />
            <span>${THEME_WORDS[theme]}</span>
          </label>
        `)}</div>
      </fieldset>
      <${Notifications} settings=${settings} notifier=${notifier} />
      ${!settings.isKept && html`<p class="setting-note" data-testid="not-kept">This browser keeps no settings: they hold until you close this page.</p>`}
      <footer class="dialog-foot">
        <button class="dialog-button" type="button" data-testid="sign-out" onClick=${signOut}>Sign out</button>
        <p data-testid="history">${epoch ? `Event ${count(seq)} of history ${epoch}` : "No history yet"}</p>
      </footer>
    <//>
  `;
}

class Notifications extends Component {
  state = { tested: "" };

  render({ settings, notifier }, { tested }) {
    const { permission, isOn } = notifier;
    const cannot = permission === "insecure" || permission === "unavailable";
    return html`
      <section class="setting" aria-labelledby="notify-title">
        <div class="setting-line">
          <h3 id="notify-title">Desktop notifications</h3>
          <button class="switch" type="button" role="switch" data-testid="notify-switch" disabled=${cannot}
            aria-checked=${String(isOn)} aria-labelledby="notify-title" aria-describedby="notify-permission" onClick=${this.#toggle}>
            <span class="switch-word">${isOn ? "On" : "Off"}</span><span class="switch-track"><span class="switch-thumb" /></span>
          </button>
        </div>
        <p class="setting-note" id="notify-permission" data-testid="notify-permission" data-permission=${permission} role="status">
          ${PERMISSION_WORDS[permission] ?? PERMISSION_WORDS.default}
        </p>
        <fieldset class="kinds" disabled=${!isOn}>
          <legend>Tell me when</legend>
          ${KINDS.map((kind) => html`
            <label class="choice">
              <input type="checkbox" data-testid=${`notify-${kind}`} checked=${settings.kinds[kind]}
                onChange=${({ currentTarget }) => settings.setKind(kind, currentTarget.checked)} />
              <span>${KIND_WORDS[kind]}</span>
            </label>
          `)}
        </fieldset>
        <button class="dialog-button" type="button" data-testid="notify-test" disabled=${!isOn} onClick=${this.#test}>Send a test notification</button>
        <p class="setting-note" data-testid="notify-tested" role="status">${isOn && tested}</p>
      </section>
    `;
  }

  #toggle = () => {
    const { settings, notifier } = this.props;
    this.setState({ tested: "" });
    if (notifier.isOn) settings.setNotify(false);
    else void notifier.turnOn();
  };

  #test = () => {
    const isSent = this.props.notifier.test();
    this.setState({ tested: isSent ? "Sent. If you see none, look at the notification settings of your system for this browser." : "" });
  };
}
