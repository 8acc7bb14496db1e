import type { ArtifactView } from "../../core/shapes/artifact.js";
import type { ConnectorView } from "../../core/shapes/connector.js";
import type { ConsentView, GrantMode } from "../../core/shapes/consent.js";
import type { ExecutionState, ExecutionStatus, ExecutionView, OutputBlock } from "../../core/shapes/execution.js";
import type { InstalledSkill } from "../../core/shapes/skill.js";
import type { RunSummary, RunView, StepView, WorkflowView } from "../../core/shapes/workflow.js";

export type {
  ArtifactView,
  ConnectorView,
  ConsentView as Consent,
  ExecutionState,
  ExecutionStatus,
  ExecutionView,
  GrantMode,
  InstalledSkill,
  OutputBlock,
  RunSummary,
  RunView,
  StepView,
  WorkflowView,
};

/** A skill of the marketplace as its list shows it. */
export type SkillSummary = Omit<InstalledSkill, "installed_at">;

/** What the marketplace tells of one skill. */
export interface SkillDetails extends SkillSummary {
  readonly license: string;
  readonly source?: string;
  readonly required_secrets: readonly string[];
  readonly uses_memory: boolean;
  readonly artifact?: { readonly name: string; readonly mime_type: string };
  readonly files: readonly string[];
  readonly parameters: readonly { readonly name: string; readonly description: string; readonly required?: boolean }[];
}

/** One page of a list. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly last_id: string | null;
  readonly has_more: boolean;
}

export type Role = "owner" | "admin" | "member";

/** A workspace the person belongs to. */
export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly role: Role;
}

/** Who is signed in, and where. */
export interface Session {
  readonly person: { readonly id: string; readonly name: string; readonly email?: string };
  readonly workspace: Workspace;
  readonly csrf_token: string;
}

/** A device that waits for its key. */
export interface Activation {
  readonly user_code: string;
  readonly client_label: string;
  readonly status: string;
  readonly ip?: string;
  readonly user_agent?: string;
  readonly created_at: string;
  readonly expires_at: string;
}

/** A workspace's key, never the key itself. */
export interface Key {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly last_four: string;
  readonly scopes: readonly string[];
  readonly created_at: string;
  readonly expires_at?: string | null;
  readonly revoked_at?: string | null;
  readonly last_used_at?: string | null;
}

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  readonly role: Role;
}

/** An invitation, its link shown this once. */
export interface Invitation {
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  readonly url: string;
  readonly expires_at: string;
}

/** A secret, never its value. */
export interface Secret {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly updated_at?: string;
}

/** One line of the audit log. */
export interface AuditEntry {
  readonly id: string;
  readonly action: string;
  readonly actor: { readonly type: string; readonly person_id?: string; readonly key_prefix?: string };
  readonly ip?: string;
  readonly created_at: string;
  readonly outcome: string;
  readonly resource_type: string;
  readonly resource_id?: string;
}

export interface Balance {
  readonly balance: number | null;
  readonly unlimited: boolean;
  readonly unit: string;
  readonly tier: string;
}

export interface Transaction {
  readonly id: string;
  readonly type: "grant" | "debit";
  readonly amount: number;
  readonly balance_after: number | null;
  readonly execution_id?: string;
  readonly created_at: string;
}

/** As much of a JSON Schema as a form is made from. */
export interface FieldSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly format?: string;
  readonly items?: FieldSchema;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
}
