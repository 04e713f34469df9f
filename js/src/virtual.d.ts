declare module "virtual:prelude-code" {
  /** The text of what a client cell's frame runs first. */
  const code: string;
  export default code;
}

declare module "virtual:client-code" {
  /** The text of the bundled client, to be put into a frame. */
  const code: string;
  export default code;
}
