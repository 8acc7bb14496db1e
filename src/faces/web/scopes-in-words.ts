const APPS: Readonly<Record<string, { readonly read: string; readonly exec: string }>> = {
  gmail: {
    read: "Read mail and labels in the connected Gmail account.",
    exec: "Send, change and delete mail in Gmail.",
  },
  calendar: {
    read: "Read calendars and events in Google Calendar.",
    exec: "Create, change and cancel events in Google Calendar, which can invite other people.",
  },
  drive: { read: "Read files and folders in Google Drive.", exec: "Create, change and delete files in Google Drive." },
  notion: { read: "Read pages and databases in Notion.", exec: "Create and change pages in Notion." },
  github: {
    read: "Read repositories, issues and pull requests on GitHub.",
    exec: "Write to GitHub: issues, comments, files, merges.",
  },
};

const SENTENCES: Readonly<Record<string, string>> = {
  "*": "Everything in this workspace, managing keys, secrets and members included.",
  "profile:read": "See the name and e-mail address of the person behind the key.",
  "profile:search": "Look people of this workspace up by name.",
  "profile:write": "Change the name in the profile of the person behind the key.",
  "memory:read": "Read the workspace's memory, the notes that all agents share.",
  "memory:write": "Add to the workspace's memory, or replace all of it.",
  "workspace:files:read": "List and download the files that skills have made.",
  "workspace:files:write": "Delete the files that skills have made.",
  "billing:read": "See the credit balance and what was spent.",
  "agent:list": "See which agents work in this workspace.",
  "agent:message": "Send messages to other agents of this workspace.",
  "tool:execute": "Install and run skills and workflows, which spends credits and acts with what they can reach.",
  "clerk:read": "Read users, sessions and organizations of the Clerk application.",
  "clerk:write": "Change and delete users, sessions and organizations of the Clerk application.",
  "clerk:secrets": "See secrets that Clerk hands out, such as tokens and signing keys.",
};

/** What a scope allows, in a sentence for the person who grants it; undefined for one that is not known. */
export function inWords(scope: string): string | undefined {
  const [kind, app = "", effect = ""] = scope.split(":");
  if (kind === "connector" && Object.hasOwn(APPS, app) && (effect === "read" || effect === "exec")) {
    return APPS[app]?.[effect];
  }
  return Object.hasOwn(SENTENCES, scope) ? SENTENCES[scope] : undefined;
}
