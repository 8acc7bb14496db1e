import { z } from "zod";
import { clearable, clerkTool, id, listOf, orderBy, paging, params, pathKey, text } from "./define.js";

export const rolesPermissions = [
  clerkTool({
    tool: "list_organization_permissions",
    title: "List organization permissions",
    description: "Lists the permissions that organization roles can hold.",
    toolset: "roles-permissions",
    effect: "read",
    input: z.strictObject({ ...paging(), query: text().optional(), order_by: orderBy("name", "created_at", "key") }),
    call: (clerk, i) =>
      clerk.organizationPermissions.getOrganizationPermissionList(
        params({ limit: i.limit, offset: i.offset, query: i.query, orderBy: i.order_by }),
      ),
  }),
  clerkTool({
    tool: "get_organization_permission",
    title: "Get organization permission",
    description: "Reads one organization permission.",
    toolset: "roles-permissions",
    effect: "read",
    input: z.strictObject({ permission_id: id() }),
    call: (clerk, i) => clerk.organizationPermissions.getOrganizationPermission(i.permission_id),
  }),
  clerkTool({
    tool: "create_organization_permission",
    title: "Create organization permission",
    description: "Adds a custom permission that can then be assigned to organization roles.",
    toolset: "roles-permissions",
    effect: "write",
    input: z.strictObject({
      name: text(255),
      key: text(255).describe("such as org:billing:manage; org:sys_ is reserved"),
      description: text().optional(),
    }),
    call: (clerk, i) =>
      clerk.organizationPermissions.createOrganizationPermission(
        params({ name: i.name, key: i.key, description: i.description }),
      ),
  }),
  clerkTool({
    tool: "update_organization_permission",
    title: "Update organization permission",
    description: "Changes the name, key or description of a custom permission; system permissions refuse.",
    toolset: "roles-permissions",
    effect: "write",
    input: z.strictObject({
      permission_id: id(),
      name: text(255).optional(),
      key: text(255).optional().describe("such as org:billing:manage"),
      description: text().optional(),
    }),
    call: (clerk, i) =>
      clerk.organizationPermissions.updateOrganizationPermission(
        params({ permissionId: i.permission_id, name: i.name, key: i.key, description: i.description }),
      ),
  }),
  clerkTool({
    tool: "delete_organization_permission",
    title: "Delete organization permission",
    description:
      "Deletes a custom permission; roles that held it lose it, system permissions refuse. Cannot be undone.",
    toolset: "roles-permissions",
    effect: "destroy",
    input: z.strictObject({ permission_id: id() }),
    call: (clerk, i) => clerk.organizationPermissions.deleteOrganizationPermission(i.permission_id),
  }),
  clerkTool({
    tool: "list_organization_roles",
    title: "List organization roles",
    description:
      "Lists the instance's organization roles with their permissions. For who has a role use list_organization_memberships.",
    toolset: "roles-permissions",
    effect: "read",
    input: z.strictObject({ ...paging(), query: text().optional(), order_by: orderBy("name", "created_at", "key") }),
    call: (clerk, i) =>
      clerk.organizationRoles.getOrganizationRoleList(
        params({ limit: i.limit, offset: i.offset, query: i.query, orderBy: i.order_by }),
      ),
  }),
  clerkTool({
    tool: "get_organization_role",
    title: "Get organization role",
    description: "Reads one organization role with its permissions.",
    toolset: "roles-permissions",
    effect: "read",
    input: z.strictObject({ organization_role_id: id() }),
    call: (clerk, i) => clerk.organizationRoles.getOrganizationRole(i.organization_role_id),
  }),
  clerkTool({
    tool: "create_organization_role",
    title: "Create organization role",
    description: "Adds a role that members of organizations can be given.",
    toolset: "roles-permissions",
    effect: "write",
    input: z.strictObject({
      name: text(255),
      key: text(255).describe("such as org:billing_admin"),
      description: text().nullable().optional(),
      permissions: listOf(text(255)).nullable().optional().describe("ids"),
      include_in_initial_role_set: z.boolean().nullable().optional().describe("for new organizations"),
    }),
    call: (clerk, i) =>
      clerk.organizationRoles.createOrganizationRole(
        params({
          name: i.name,
          key: i.key,
          description: i.description,
          permissions: i.permissions,
          includeInInitialRoleSet: i.include_in_initial_role_set,
        }),
      ),
  }),
  clerkTool({
    tool: "update_organization_role",
    title: "Update organization role",
    description:
      "Changes an organization role itself, for everyone who has it. For one member's role use update_organization_membership.",
    toolset: "roles-permissions",
    effect: "write",
    input: z.strictObject({
      organization_role_id: id(),
      name: text(255).nullable().optional(),
      key: text(255).nullable().optional().describe("such as org:billing_admin"),
      description: clearable(text()).optional(),
      permissions: clearable(z.array(text(255)).max(100), "ids, replacing all it had; [] for none").optional(),
    }),
    call: (clerk, i) =>
      clerk.organizationRoles.updateOrganizationRole(
        params({
          organizationRoleId: i.organization_role_id,
          name: i.name,
          key: i.key,
          description: i.description,
          permissions: i.permissions,
        }),
      ),
  }),
  clerkTool({
    tool: "delete_organization_role",
    title: "Delete organization role",
    description:
      "Deletes an organization role that no member, invitation or default uses; one in use is refused. Cannot be undone.",
    toolset: "roles-permissions",
    effect: "destroy",
    input: z.strictObject({ organization_role_id: id() }),
    call: (clerk, i) => clerk.organizationRoles.deleteOrganizationRole(i.organization_role_id),
  }),
  clerkTool({
    tool: "assign_permission_to_organization_role",
    title: "Assign permission to organization role",
    description: "Grants one more permission to everyone who has an organization role.",
    toolset: "roles-permissions",
    effect: "write",
    input: z.strictObject({ organization_role_id: id(), permission_id: id() }),
    call: (clerk, i) =>
      clerk.organizationRoles.assignPermissionToOrganizationRole(
        params({ organizationRoleId: i.organization_role_id, permissionId: i.permission_id }),
      ),
  }),
  clerkTool({
    tool: "remove_permission_from_organization_role",
    title: "Remove permission from organization role",
    description: "Withdraws one permission from everyone who has an organization role. It can be assigned again.",
    toolset: "roles-permissions",
    effect: "destroy",
    input: z.strictObject({ organization_role_id: id(), permission_id: id() }),
    call: (clerk, i) =>
      clerk.organizationRoles.removePermissionFromOrganizationRole(
        params({ organizationRoleId: i.organization_role_id, permissionId: i.permission_id }),
      ),
  }),
  clerkTool({
    tool: "list_role_sets",
    title: "List role sets",
    description: "Lists the role sets, each the choice of roles that an organization offers its members.",
    toolset: "roles-permissions",
    effect: "read",
    input: z.strictObject({ ...paging(), query: text().optional(), order_by: orderBy("name", "created_at", "key") }),
    call: (clerk, i) =>
      clerk.roleSets.getRoleSetList(params({ limit: i.limit, offset: i.offset, query: i.query, orderBy: i.order_by })),
  }),
  clerkTool({
    tool: "get_role_set",
    title: "Get role set",
    description: "Reads one role set with its roles.",
    toolset: "roles-permissions",
    effect: "read",
    input: z.strictObject({ role_set_key_or_id: pathKey() }),
    call: (clerk, i) => clerk.roleSets.getRoleSet(i.role_set_key_or_id),
  }),
  clerkTool({
    tool: "create_role_set",
    title: "Create role set",
    description: "Groups one to ten existing roles into a set that organizations can be given.",
    toolset: "roles-permissions",
    effect: "write",
    input: z.strictObject({
      name: text(255),
      key: text(255).optional().describe("such as role_set:teams; default from name"),
      description: text().nullable().optional(),
      default_role_key: text(255).describe("for newcomers, one of roles"),
      creator_role_key: text(255).describe("for creators, one of roles"),
      type: z.enum(["initial", "custom"]).optional().describe("initial: for new organizations, only one can be"),
      roles: listOf(text(255), 10).describe("role keys"),
    }),
    call: (clerk, i) =>
      clerk.roleSets.createRoleSet(
        params({
          name: i.name,
          key: i.key,
          description: i.description,
          defaultRoleKey: i.default_role_key,
          creatorRoleKey: i.creator_role_key,
          type: i.type,
          roles: i.roles,
        }),
      ),
  }),
  clerkTool({
    tool: "update_role_set",
    title: "Update role set",
    description:
      "Changes a role set's name, key, description or default roles. For the roles in it use add_roles_to_role_set or replace_role_in_role_set.",
    toolset: "roles-permissions",
    effect: "write",
    input: z.strictObject({
      role_set_key_or_id: pathKey(),
      name: text(255).nullable().optional(),
      key: text(255).nullable().optional().describe("such as role_set:teams"),
      description: clearable(text()).optional(),
      type: z.enum(["initial"]).nullable().optional().describe("makes it the set of new organizations"),
      default_role_key: text(255).nullable().optional().describe("for newcomers"),
      creator_role_key: text(255).nullable().optional().describe("for creators"),
    }),
    call: (clerk, i) =>
      clerk.roleSets.updateRoleSet(
        params({
          roleSetKeyOrId: i.role_set_key_or_id,
          name: i.name,
          key: i.key,
          description: i.description,
          type: i.type,
          defaultRoleKey: i.default_role_key,
          creatorRoleKey: i.creator_role_key,
        }),
      ),
  }),
  clerkTool({
    tool: "add_roles_to_role_set",
    title: "Add roles to role set",
    description: "Adds one to ten existing roles to a role set.",
    toolset: "roles-permissions",
    effect: "write",
    input: z.strictObject({
      role_set_key_or_id: pathKey(),
      role_keys: listOf(text(255), 10),
      default_role_key: text(255).optional().describe("new one for newcomers"),
      creator_role_key: text(255).optional().describe("new one for creators"),
    }),
    call: (clerk, i) =>
      clerk.roleSets.addRolesToRoleSet(
        params({
          roleSetKeyOrId: i.role_set_key_or_id,
          roleKeys: i.role_keys,
          defaultRoleKey: i.default_role_key,
          creatorRoleKey: i.creator_role_key,
        }),
      ),
  }),
  clerkTool({
    tool: "replace_role_in_role_set",
    title: "Replace role in role set",
    description:
      "Removes a role from a role set and moves everyone who has it to another. Who had which is lost; cannot be undone.",
    toolset: "roles-permissions",
    effect: "destroy",
    input: z.strictObject({ role_set_key_or_id: pathKey(), role_key: text(255), to_role_key: text(255) }),
    call: (clerk, i) =>
      clerk.roleSets.replaceRoleInRoleSet(
        params({ roleSetKeyOrId: i.role_set_key_or_id, roleKey: i.role_key, toRoleKey: i.to_role_key }),
      ),
  }),
  clerkTool({
    tool: "replace_role_set",
    title: "Replace role set",
    description: "Deletes a role set and moves its organizations to another one. Cannot be undone.",
    toolset: "roles-permissions",
    effect: "destroy",
    input: z.strictObject({
      role_set_key_or_id: pathKey(),
      dest_role_set_key: text(255),
      reassignment_mappings: z
        .record(z.string(), text(255))
        .optional()
        .describe("old role key to new one; needed for those that members have"),
    }),
    call: (clerk, i) =>
      clerk.roleSets.replaceRoleSet(
        params({
          roleSetKeyOrId: i.role_set_key_or_id,
          destRoleSetKey: i.dest_role_set_key,
          reassignmentMappings: i.reassignment_mappings,
        }),
      ),
  }),
];
