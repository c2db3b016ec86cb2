// The little of Converse 14 that the page uses. Its own declarations describe the source tree, not the bundle.

export interface ConverseSettings {
  readonly [name: string]: unknown;
}

export interface ConverseApi {
  readonly settings: { set(name: string, value: unknown): void };
  readonly listen: { on(event: string, listener: () => void): void };
  readonly chatboxes: {
    get(jid: string): Promise<unknown>;
    create(jids?: string | readonly string[], attributes?: object, model?: unknown): Promise<unknown>;
  };
}

/** Private state handed to plugins. */
export interface ConverseState {
  readonly api: ConverseApi;
  /** Of one login, over its reconnections and reloads. */
  readonly session: { save(values: { readonly smacks_resumed: boolean }): void };
  readonly state: {
    /** Survives sessions; `trusted` decides whether anything outlives the tab. */
    readonly config: { save(values: { readonly trusted: boolean }): void };
    readonly connfeedback: { get(name: "message"): string | undefined };
  };
}

interface ConversePlugin {
  initialize(this: { readonly _converse: ConverseState }): void;
}

export interface Converse {
  readonly plugins: { add(name: string, plugin: ConversePlugin): void };
  initialize(settings: ConverseSettings): Promise<void>;
}
