// What esbuild makes of a source, as a module that can be imported.

import { type BuildOptions, build } from "esbuild";

/** @param name What it is called where something of it fails. */
export async function built<Module>(name: string, options: BuildOptions): Promise<Module> {
  const { outputFiles } = await build({ ...options, bundle: true, format: "esm", write: false });
  const code = `${outputFiles?.[0]?.text}\n//# sourceURL=${name}`;
  const address = `data:text/javascript,${encodeURIComponent(code)}`;
  return (await import(/* @vite-ignore */ address)) as Module;
}
