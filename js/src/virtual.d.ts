declare module "virtual:client-code" {
  /** The text of the bundled client, to be put into a frame. */
  const code: string;
  export default code;
}
