import type { App } from "../../connectors/app.js";
import { AppError } from "../../core/errors.js";

function told(app: App, sentence: string): AppError {
  return new AppError("TOOL_NOT_CONNECTED", sentence, {
    details: { app: app.slug, request_url: `/api/v1/connectors/${app.slug}/connect` },
  });
}

const HOW = (app: App) => `call connect-connector with app ${app.slug} and have the user open the URL it gives`;

/** `TOOL_NOT_CONNECTED` for an app that never was, or is no longer. */
export function notConnected(app: App): AppError {
  return told(app, `${app.title} is not connected to this workspace: ${HOW(app)}.`);
}

/** `TOOL_NOT_CONNECTED` for a connection that the provider does not take any longer. */
export function noLongerTaken(app: App): AppError {
  return told(app, `${app.title} no longer accepts this workspace's connection; to connect it anew, ${HOW(app)}.`);
}

/** `TOOL_NOT_CONNECTED` for a token of the settings that the provider does not take. */
export function settingNotTaken(app: App, setting: string): AppError {
  return told(app, `${app.title} does not accept the token in ${setting}: the server's operator has to set another.`);
}
