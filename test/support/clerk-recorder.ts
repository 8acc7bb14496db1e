import { listen, type Listening, receive, type Received, type Reply } from "./listening.js";

/** A request as it arrived. */
export interface Arrived extends Received {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** A server in Clerk's place that keeps what arrives and answers what a test says. */
export interface Recorder extends Listening {
  readonly arrived: readonly Arrived[];
  /** Answers from now on as `reply` says, and forgets what arrived; a throw of it breaks the connection off. */
  answer(reply: (request: Arrived) => Reply | Promise<Reply>): void;
}

/** Starts one; it answers `{}` until told otherwise. */
export async function startRecorder(): Promise<Recorder> {
  let arrived: Arrived[] = [];
  let reply: (request: Arrived) => Reply | Promise<Reply> = () => ({ body: {} });
  const listening = await listen(
    receive((request) => {
      const { pathname: path, searchParams: query } = new URL(request.target, "http://clerk.test");
      const one = { ...request, path, query };
      arrived.push(one);
      return reply(one);
    }),
  );
  return {
    url: listening.url,
    stop: listening.stop,
    get arrived() {
      return arrived;
    },
    answer(next) {
      reply = next;
      arrived = [];
    },
  };
}
