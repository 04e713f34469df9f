// Frames that load nothing: a test looks at what they were given, and speaks for them.

import { vi } from "vitest";

/** What stands for the window within every frame; returned to speak for it. */
export function stillFrames(): { window: Window; addresses: string[]; documents: string[] } {
  const inner = new EventTarget() as Window;
  const addresses: string[] = [];
  const documents: string[] = [];
  const { prototype } = HTMLIFrameElement;
  vi.spyOn(prototype, "contentWindow", "get").mockReturnValue(inner as never);
  vi.spyOn(prototype, "src", "set").mockImplementation((address) => {
    addresses.push(address);
  });
  vi.spyOn(prototype, "srcdoc", "set").mockImplementation((text) => {
    documents.push(text);
  });
  // The page says that it loads no frames.
  vi.spyOn(console, "error").mockReturnValue();
  return { window: inner, addresses, documents };
}
