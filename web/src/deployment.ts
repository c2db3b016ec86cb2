// What this deployment says of itself (GET /health), in words for the person who wants to log in.

/** Whom the deployment lets in: nobody yet, the accounts its owner named, or (development on loopback) anybody. */
export type Admission = "none" | "some" | "any" | "unknown";

const ADMISSIONS: readonly string[] = ["none", "some", "any"] satisfies readonly Admission[];

function isAdmission(value: unknown): value is Admission {
  return typeof value === "string" && ADMISSIONS.includes(value);
}

/** Asks the Worker; "unknown" when it does not answer as expected. */
export async function askAdmission(): Promise<Admission> {
  try {
    const response = await fetch("/health", { headers: { Accept: "application/json" } });
    const health: unknown = await response.json();
    if (
      typeof health === "object" &&
      health !== null &&
      "accounts" in health &&
      isAdmission(health.accounts)
    ) {
      return health.accounts;
    }
  } catch {
    // Said below, as "unknown".
  }
  return "unknown";
}

/** What to tell before anybody has tried to log in, or undefined when all is well. */
export function admissionNotice(admission: Admission): string | undefined {
  switch (admission) {
    case "none":
      return (
        "This xmpproxy lets nobody in yet. Whoever runs it has to name the accounts that may use it " +
        "(ALLOWED_ACCOUNTS)."
      );
    case "unknown":
      return "This xmpproxy does not answer at the moment. You can try nevertheless.";
    case "some":
    case "any":
      return undefined;
  }
}
