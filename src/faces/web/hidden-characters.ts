import { options } from "preact";
import { visible } from "../../core/visible.js";

/** Attributes that are read like text. */
const READ_OUT = ["title", "alt", "aria-label", "placeholder"];

/**
 * Has every page show what hides in a text, such as the character that turns the reading around: whoever names an
 * agent or a file must not decide how it reads. What fields hold stays as it is, since it is sent back.
 */
export function showHiddenCharacters(): void {
  const before = options.vnode;
  options.vnode = (vnode) => {
    const { type, props }: { type: unknown; props: unknown } = vnode;
    if (type === null && typeof props === "string") vnode.props = visible(props) as never;
    else if (typeof type === "string") showIn(props as Record<string, unknown>);
    before?.(vnode);
  };
}

function showIn(props: Record<string, unknown>): void {
  for (const name of READ_OUT) {
    const value = props[name];
    if (typeof value === "string") props[name] = visible(value);
  }
}
