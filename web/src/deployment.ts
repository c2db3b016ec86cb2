// What this deployment says of itself (GET /health), in words for the person who wants to log in.

/** Whom the deployment lets in: nobody yet, the accounts its owner named, or (development on loopback) anybody. */
type Admission = "none" | "some" | "any";

export type Deployment =
  | { readonly kind: "working"; readonly admission: Admission }
  /** Mistakes in its settings, each in words. */
  | { readonly kind: "misconfigured"; readonly problems: readonly string[] }
  | { readonly kind: "unknown" };

const ADMISSIONS: readonly unknown[] = ["none", "some", "any"] satisfies readonly Admission[];

function isAdmission(value: unknown): value is Admission {
  return ADMISSIONS.includes(value);
}

function readHealth(health: unknown): Deployment {
  if (typeof health !== "object" || health === null) {
    return { kind: "unknown" };
  }
  if ("problems" in health && Array.isArray(health.problems)) {
    return { kind: "misconfigured", problems: health.problems.map(String) };
  }
  if ("accounts" in health && isAdmission(health.accounts)) {
    return { kind: "working", admission: health.accounts };
  }
  return { kind: "unknown" };
}

/** Asks the Worker; "unknown" when it does not answer as expected. */
export async function askDeployment(): Promise<Deployment> {
  try {
    const response = await fetch("/health", { headers: { Accept: "application/json" } });
    return readHealth(await response.json());
  } catch {
    return { kind: "unknown" };
  }
}

/** Whether logging in can succeed at all. */
export function letsSomebodyIn(deployment: Deployment): boolean {
  return deployment.kind === "unknown" || (deployment.kind === "working" && deployment.admission !== "none");
}

/** What to tell before anybody has tried to log in, or undefined when all is well. */
export function deploymentNotice(deployment: Deployment): string | undefined {
  switch (deployment.kind) {
    case "misconfigured":
      return `This xmpproxy is misconfigured. ${deployment.problems.join(". ")}.`;
    case "unknown":
      return "This xmpproxy does not answer at the moment. You can try nevertheless.";
    case "working":
      return deployment.admission === "none"
        ? "This xmpproxy lets nobody in yet. Whoever runs it has to name the accounts that may use it " +
            "(ALLOWED_ACCOUNTS)."
        : undefined;
  }
}
