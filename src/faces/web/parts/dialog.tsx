import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { Form } from "./form.js";

/** A modal dialog; the browser keeps the focus inside and gives it back. Shown as long as it is rendered. */
export function Dialog(props: { title: string; close: () => void; children: ComponentChildren }) {
  const { title, close, children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close();
      // The browser gives the focus back only to what is still on the page.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onCancel={close} onClose={close}>
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="button quiet" onClick={close} aria-label="Close this dialog">
          Close
        </button>
      </div>
      {children}
    </dialog>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly button: string;
  readonly run: () => Promise<unknown>;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

/** Asks before something that cannot be undone. */
export function Confirm({ title, button, run, close, children }: ConfirmProps) {
  return (
    <Dialog title={title} close={close}>
      <Form
        submit={async () => {
          await run();
          close();
        }}
        button={button}
        tone="danger"
        beside={
          <button type="button" class="button plain" onClick={close}>
            Keep it as it is
          </button>
        }
      >
        {children}
      </Form>
    </Dialog>
  );
}
