// Who can reach an address, said honestly. No I/O.

export interface Reach {
  /** Whether phones can be expected to get there. */
  kind: "nobody" | "network" | "everybody";
  host: string;
  text: string;
  /** The command that fixes it. */
  command: string;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/;
const PRIVATE =
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|\[?f[cd]|\[?fe80)|\.(local|lan|home|internal)$/i;

export const OPEN_A_PORT = "jupyter lab --NbSocketApp.public_listen=0.0.0.0:9000";

/** @param address The address that the link leads to. */
export function reach(address: string): Reach {
  const host = new URL(address).hostname;
  if (LOOPBACK.test(host)) {
    return {
      kind: "nobody",
      host,
      text: `Phones cannot join yet: ${host} is this computer itself. Start Jupyter with a separate port for the class, and open the class again:`,
      command: OPEN_A_PORT,
    };
  }
  if (PRIVATE.test(host) || !host.includes(".")) {
    return {
      kind: "network",
      host,
      text: `Phones on the same network as ${host} can join, unless a firewall blocks them or the Wi-Fi isolates its devices. Try it with one phone first.`,
      command: "",
    };
  }
  return {
    kind: "everybody",
    host,
    text: `Anyone who can reach ${host} and has the code can join.`,
    command: "",
  };
}

/** A code in parts, as people read it out. */
export function grouped(code: string): string {
  return code.length > 4 ? `${code.slice(0, 3)} ${code.slice(3)}` : code;
}
