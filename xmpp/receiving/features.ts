/**
 * The stream features as data (RFC 6120 section 4.3.2): what has to hold before each is offered, what rules it out, how it
 * is listed, which elements are a client's attempt to negotiate it, and what comes of those. stream.ts walks the table and
 * knows no feature by name.
 */
import xml, { type Element } from "@xmpp/xml";
import { NS } from "../namespaces.ts";
import { HASHED_TOKEN } from "../sasl/hashed-token.ts";
import { type BindRequest, onBindAgain, onBindRequest, onSessionRequest, readBind, readIq } from "./bind.ts";
import { onClientState } from "./client-state.ts";
import { onManagementNonza } from "./management.ts";
import type { Outcome } from "./outcome.ts";
import { onSasl } from "./sasl.ts";
import type { ReceivingContext, ReceivingState } from "./state.ts";

/** What features ask about a stream. */
type Fact = "secure" | "authenticated" | "bound";

interface Definition<Request> {
  /** What has to hold before it is offered or taken. */
  necessary: readonly Fact[];
  /** What rules it out. */
  prohibited: readonly Fact[];
  /** Its child of `<stream:features/>`; undefined when there is nothing to offer now. */
  list: (state: ReceivingState, context: ReceivingContext) => Element | undefined;
  /** What the client asks for with this first-level element; undefined when it is none of this feature's. */
  parse: (element: Element) => Request | undefined;
  negotiate: (state: ReceivingState, request: Request, context: ReceivingContext) => Outcome;
  /** An attempt while it is not on offer, where that is more than an error like any other. */
  outOfTurn?: (state: ReceivingState, request: Request) => Outcome | undefined;
}

interface StreamFeature extends Pick<Definition<never>, "necessary" | "prohibited" | "list"> {
  /** What comes of an element; undefined when this feature has nothing to say to it. */
  take: (state: ReceivingState, element: Element, context: ReceivingContext) => Outcome | undefined;
}

/** Hides what a feature's requests look like. */
function feature<Request>(definition: Definition<Request>): StreamFeature {
  const { necessary, prohibited, list, parse, negotiate, outOfTurn } = definition;
  return {
    necessary,
    prohibited,
    list,
    take(state, element, context) {
      const request = parse(element);
      if (request === undefined) return undefined;
      return isOpenTo(definition, state, context)
        ? negotiate(state, request, context)
        : outOfTurn?.(state, request);
    },
  };
}

function isOpenTo(
  { necessary, prohibited }: Pick<StreamFeature, "necessary" | "prohibited">,
  state: ReceivingState,
  context: ReceivingContext,
): boolean {
  const facts = factsOf(state, context);
  return necessary.every((fact) => facts.has(fact)) && !prohibited.some((fact) => facts.has(fact));
}

function factsOf({ phase }: ReceivingState, { secure }: ReceivingContext): ReadonlySet<Fact> {
  const facts = new Set<Fact>(secure ? ["secure"] : []);
  if (phase === "binding" || phase === "bound") facts.add("authenticated");
  if (phase === "bound") facts.add("bound");
  return facts;
}

function never(): undefined {
  return undefined;
}

/** What can be done along with authentication (XEP-0388 section 2.1). */
function sasl2Offer({ offered = [] }: ReceivingState): Element {
  const names = [NS.carbons, NS.csi, NS.sm].map((name) => xml("feature", { var: name }));
  return xml(
    "authentication",
    { xmlns: NS.sasl2 },
    ...offered.map((name) => xml("mechanism", {}, name)),
    xml(
      "inline",
      {},
      xml("sm", { xmlns: NS.sm }),
      xml("bind", { xmlns: NS.bind2 }, xml("inline", {}, ...names)),
      xml("fast", { xmlns: NS.fast }, xml("mechanism", {}, HASHED_TOKEN)),
    ),
  );
}

/** In the order in which they are listed. */
const FEATURES: readonly StreamFeature[] = [
  /** RFC 6120 section 6. */
  feature({
    necessary: [],
    prohibited: ["authenticated"],
    list: ({ offered = [] }) =>
      xml("mechanisms", { xmlns: NS.sasl }, ...offered.map((name) => xml("mechanism", {}, name))),
    parse: (element) => (element.getNS() === NS.sasl ? element : undefined),
    negotiate: (state, element, context) => onSasl("sasl", state, element, context),
  }),
  /** XEP-0388 section 2.1. */
  feature({
    necessary: ["secure"],
    prohibited: ["authenticated"],
    list: sasl2Offer,
    parse: (element) => (element.getNS() === NS.sasl2 ? element : undefined),
    negotiate: (state, element, context) => onSasl("sasl2", state, element, context),
  }),
  /** RFC 6120 section 7. */
  feature<BindRequest>({
    necessary: ["authenticated"],
    prohibited: ["bound"],
    list: () => xml("bind", { xmlns: NS.bind }),
    parse: readBind,
    negotiate: onBindRequest,
    outOfTurn: onBindAgain,
  }),
  /** RFC 3921 section 3, marked as not needed. */
  feature({
    necessary: ["authenticated"],
    prohibited: [],
    list: ({ phase }) =>
      phase === "bound" ? undefined : xml("session", { xmlns: NS.session }, xml("optional")),
    parse: (element) => readIq(element, "session", NS.session),
    negotiate: onSessionRequest,
  }),
  /** XEP-0198. */
  feature({
    necessary: ["authenticated"],
    prohibited: [],
    list: ({ managed }) => (managed ? undefined : xml("sm", { xmlns: NS.sm })),
    parse: (element) => (element.getNS() === NS.sm ? element : undefined),
    negotiate: onManagementNonza,
  }),
  /** XEP-0352 section 4.1. */
  feature({
    necessary: ["authenticated"],
    prohibited: [],
    list: () => xml("csi", { xmlns: NS.csi }),
    parse: (element) => (element.getNS() === NS.csi ? element : undefined),
    negotiate: onClientState,
  }),
  /** RFC 6121 section 2.6: nothing is negotiated, it is only told. */
  feature({
    necessary: ["authenticated"],
    prohibited: [],
    list: (_state, { rosterVersioning }) =>
      rosterVersioning ? xml("ver", { xmlns: NS.rosterVer }) : undefined,
    parse: never,
    negotiate: () => [],
  }),
];

/** What is on offer now. */
export function listFeatures(state: ReceivingState, context: ReceivingContext): Element[] {
  return FEATURES.filter((entry) => isOpenTo(entry, state, context)).flatMap(
    (entry) => entry.list(state, context) ?? [],
  );
}

/** What comes of an element that belongs to a feature; undefined when it belongs to none, or to one that is not its turn. */
export function negotiateFeature(
  state: ReceivingState,
  element: Element,
  context: ReceivingContext,
): Outcome | undefined {
  for (const entry of FEATURES) {
    const outcome = entry.take(state, element, context);
    if (outcome) return outcome;
  }
  return undefined;
}
