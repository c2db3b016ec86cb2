/** FORGET in words, the same over HTTP, in the command and at the console. */

/** What is deleted, and what comes of it. */
export const WHAT_FORGETTING_DOES =
  "Everything that the proxy has of the account is deleted, for good: conversations, what logs in to your server, clients' sessions and tokens, rooms. It goes offline, and all clients are logged out. Your account on its server, and what your clients have, stay as they are. A client that logs in again makes it an account anew, so log out first where you do not want that.";

/** CFG-4: what is in the settings is not the proxy's to forget. */
export const STILL_NAMED =
  "The deployment's settings (ACCOUNTS) still name this account and its password: it comes online anew, without anything of before, until it is taken out of them.";
