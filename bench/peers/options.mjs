// The command line of the peers: --port N [--redis URL].
import { parseArgs } from "node:util";

export const options = parseArgs({ options: { port: { type: "string" }, redis: { type: "string" } } }).values;
export const port = Number(options.port);
