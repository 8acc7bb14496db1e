import { render } from "preact";
import { App } from "./app.js";
import { showHiddenCharacters } from "./hidden-characters.js";
import { SessionProvider } from "./session.js";
import "./style/base.css";
import "./style/shell.css";
import "./style/parts.css";
import "./style/pages.css";

showHiddenCharacters();
const root = document.getElementById("page");
if (root) {
  render(
    <SessionProvider>
      <App />
    </SessionProvider>,
    root,
  );
}
