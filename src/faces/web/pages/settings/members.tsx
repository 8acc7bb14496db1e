import { useState } from "preact/hooks";
import { useList } from "../../loading.js";
import { Dialog } from "../../parts/dialog.js";
import { Choice, Field, Form } from "../../parts/form.js";
import { Rows } from "../../parts/list.js";
import { Empty } from "../../parts/states.js";
import { CopyText, Time } from "../../parts/text.js";
import { useAround, useSession } from "../../session.js";
import type { Invitation, Member } from "../../types.js";

const ROLES = [
  ["member", "Member: works here; no keys, secrets or members"],
  ["admin", "Admin: everything but deleting the workspace"],
] as const;

/** The people of the workspace, and inviting more. */
export function Members() {
  const { workspace, person } = useSession();
  const list = useList<Member>(`/api/v1/workspaces/${encodeURIComponent(workspace.id)}/members`);
  const [inviting, setInviting] = useState(false);
  return (
    <section>
      <div class="title-row">
        <h2>Members</h2>
        <button type="button" class="button strong" onClick={() => setInviting(true)}>
          Invite somebody
        </button>
      </div>
      <Rows list={list} label="Members" idOf={({ id }) => id} empty={<Empty title="There are no members" />}>
        {({ id, name, email, role }) => (
          <div class="row">
            <span class="row-main">
              <strong>
                {name}
                {id === person.id && " (you)"}
              </strong>
              {email !== undefined && <span class="row-note">{email}</span>}
            </span>
            <span class="row-side">{role}</span>
          </div>
        )}
      </Rows>
      {inviting && <Invite close={() => setInviting(false)} />}
    </section>
  );
}

function Invite({ close }: { close: () => void }) {
  const { api } = useAround();
  const { workspace } = useSession();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState("member");
  const [invitation, setInvitation] = useState<Invitation>();
  if (invitation) {
    return (
      <Dialog title="The invitation" close={close}>
        <p>
          This server sends no mail. Send this link to {invitation.email} yourself; it works once and ends{" "}
          <Time at={invitation.expires_at} />. Whoever opens it becomes {invitation.role} here.
        </p>
        <CopyText text={invitation.url} label="The invitation’s link" />
        <div class="buttons">
          <button type="button" class="button strong" onClick={close}>
            I have it
          </button>
        </div>
      </Dialog>
    );
  }
  const submit = async () => {
    const path = `/api/v1/workspaces/${encodeURIComponent(workspace.id)}/invitations`;
    setInvitation(await api.send<Invitation>("POST", path, { email, role }));
  };
  return (
    <Dialog title="Invite somebody" close={close}>
      <Form submit={submit} button="Make the invitation">
        <Field label="E-mail address" kind="email" value={email} set={setEmail} required maxLength={254} />
        <Choice label="Role" value={role} set={setRole} options={ROLES} />
      </Form>
    </Dialog>
  );
}
