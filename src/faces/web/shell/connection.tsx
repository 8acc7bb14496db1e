import { useEffect, useState } from "preact/hooks";
import { useAround } from "../session.js";

/** Shorter losses are nobody's concern. */
const PATIENCE_MS = 3000;

/** Says when the page no longer hears of what happens. */
export function Connection() {
  const { live } = useAround();
  const [lost, setLost] = useState(false);
  useEffect(() => {
    setLost(false);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ignore = live?.watch((isLost) => {
      clearTimeout(timer);
      if (!isLost) setLost(false);
      else timer = setTimeout(() => setLost(true), PATIENCE_MS);
    });
    return () => {
      clearTimeout(timer);
      ignore?.();
    };
  }, [live]);
  return (
    <div class="connection" role="status">
      {lost && <p>The connection was lost; what you see may be old. Trying to reach the server again…</p>}
    </div>
  );
}
