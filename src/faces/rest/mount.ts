import type { Express, RequestHandler, Response } from "express";
import type { HttpMethod } from "../../core/operation.js";

/** One method of one address. */
export interface Door {
  readonly method: HttpMethod;
  /** Express path; parameters are whole segments such as `:id`. */
  readonly path: string;
  readonly handle: RequestHandler;
}

/**
 * Mounts doors so that a literal segment wins over a parameter whatever their order; a request that no method
 * took goes on with `allowedAt` knowing those there are.
 */
export function mount(app: Express, doors: readonly Door[]): void {
  for (const path of [...new Set(doors.map((door) => door.path))].sort(literalsFirst)) {
    const route = app.route(path);
    const here = doors.filter((door) => door.path === path);
    for (const door of here) route[lowerCase(door.method)](door.handle);
    route.all((_req, res, next) => {
      res.locals["allowed"] = [...allowedAt(res), ...here.map((door) => door.method)];
      next();
    });
  }
}

/** The methods that doors at this request's address take; empty for an unknown address. */
export function allowedAt(res: Response): readonly string[] {
  return (res.locals["allowed"] as string[] | undefined) ?? [];
}

function literalsFirst(one: string, other: string): number {
  const [left, right] = [sortKey(one), sortKey(other)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function sortKey(path: string): string {
  return path.replaceAll(/:\w+/g, "\uffff");
}

function lowerCase(method: HttpMethod) {
  return method.toLowerCase() as Lowercase<HttpMethod>;
}
