import { tokens } from "./tokens.js";
import { restrictions } from "./restrictions.js";
import { apiKeys } from "./api-keys.js";
import { instance } from "./instance.js";
import { billing } from "./billing.js";
import { sessions } from "./sessions.js";
import { identifiers } from "./identifiers.js";
import { emails } from "./emails.js";
import { enterpriseSso } from "./enterprise-sso.js";
import { samlConnections } from "./saml-connections.js";
import { oauth } from "./oauth.js";
import { invitations } from "./invitations.js";
import { jwt } from "./jwt.js";
import { machines } from "./machines.js";
import { organizationDomains } from "./organization-domains.js";
import { organizationInvitations } from "./organization-invitations.js";
import { organizationMemberships } from "./organization-memberships.js";
import { organizations } from "./organizations.js";
import { rolesPermissions } from "./roles-permissions.js";
import { userProfiles } from "./user-profiles.js";
import { userSecurity } from "./user-security.js";
import { users } from "./users.js";
import { waitlist } from "./waitlist.js";
import { webhooks } from "./webhooks.js";

/** Every function of the Clerk Backend SDK. */
export const clerk = [
  ...users,
  ...userProfiles,
  ...userSecurity,
  ...sessions,
  ...identifiers,
  ...organizations,
  ...organizationMemberships,
  ...organizationInvitations,
  ...organizationDomains,
  ...rolesPermissions,
  ...invitations,
  ...waitlist,
  ...restrictions,
  ...instance,
  ...tokens,
  ...apiKeys,
  ...jwt,
  ...oauth,
  ...machines,
  ...enterpriseSso,
  ...samlConnections,
  ...billing,
  ...emails,
  ...webhooks,
];
