// While Converse has no connection it would show its own login form, with a footer that loads logos from elsewhere and
// a link to its site. The form would send the next account to this account's endpoint, and nothing on our page leaves
// the origin: empty elements under the same names, defined first, take their place.

class Waiting extends HTMLElement {
  connectedCallback(): void {
    this.textContent = "The connection is lost. Connecting again …";
  }
}

class Nothing extends HTMLElement {}

/** Must run before Converse registers its elements; it leaves names alone that are taken. */
export function replaceConverseLogin(): void {
  customElements.define("converse-login-form", Waiting);
  customElements.define("converse-footer", Nothing);
}
