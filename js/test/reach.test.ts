import { describe, expect, it } from "vitest";
import { grouped, reach } from "../src/panel/reach";

describe("who can reach an address", () => {
  it.each([
    ["http://127.0.0.1:8888/", "nobody"],
    ["http://localhost:8888/a/", "nobody"],
    ["http://[::1]:8888/", "nobody"],
    ["http://192.168.1.20:9000/", "network"],
    ["http://10.0.0.5:9000/", "network"],
    ["http://172.20.3.4/", "network"],
    ["http://172.40.3.4/", "everybody"],
    ["http://[fd00::1]:9000/", "network"],
    ["http://lectern.local:9000/", "network"],
    ["http://lectern:9000/", "network"],
    ["https://hub.example.org/user/ada/", "everybody"],
  ])("%s: %s", (address, kind) => {
    expect(reach(address).kind).toBe(kind);
  });

  it("says what to do where nobody can", () => {
    expect(reach("http://127.0.0.1/").command).toContain("public_listen");
  });

  it("groups a code as people read it out", () => {
    expect(grouped("BK3VX4X")).toBe("BK3 VX4X");
  });
});
