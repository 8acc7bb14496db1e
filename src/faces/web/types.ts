import type { ArtifactView } from "../../core/shapes/artifact.js";
import type { AuditEntryView } from "../../core/shapes/audit.js";
import type { BalanceView, TransactionView } from "../../core/shapes/billing.js";
import type { ConnectorView } from "../../core/shapes/connector.js";
import type { ConsentView, GrantMode } from "../../core/shapes/consent.js";
import type { DeviceView } from "../../core/shapes/device.js";
import type { ExecutionState, ExecutionStatus, ExecutionView, OutputBlock } from "../../core/shapes/execution.js";
import type { KeyView } from "../../core/shapes/key.js";
import type { ByokStatus, SecretView } from "../../core/shapes/secret.js";
import type { InstalledSkill, SkillDetails, SkillSummary } from "../../core/shapes/skill.js";
import type { RunSummary, RunView, StepView, WorkflowView } from "../../core/shapes/workflow.js";
import type { InvitationView, MemberView, SessionView, WorkspaceView } from "../../core/shapes/workspace.js";
import type { Page } from "../../core/page.js";

export type {
  ArtifactView,
  AuditEntryView as AuditEntry,
  BalanceView as Balance,
  ByokStatus,
  ConnectorView,
  ConsentView as Consent,
  DeviceView as Activation,
  ExecutionState,
  ExecutionStatus,
  ExecutionView,
  GrantMode,
  InstalledSkill,
  InvitationView as Invitation,
  KeyView as Key,
  MemberView as Member,
  OutputBlock,
  Page,
  RunSummary,
  RunView,
  SecretView as Secret,
  SessionView as Session,
  SkillDetails,
  SkillSummary,
  StepView,
  TransactionView as Transaction,
  WorkflowView,
  WorkspaceView as Workspace,
};

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
