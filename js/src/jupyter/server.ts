// The Jupyter server as the page that shows a widget knows it: address, login, tickets.

/** A ticket as the admin API answers it; it stays in this page's memory. */
export interface Ticket {
  value: string;
  id: string;
  role: string;
  expires_at: number;
}

/** The admin API answered with an error. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** What serves this page is not a Jupyter server with nbsocket: asking again does not help. */
export class ForeignServerError extends ApiError {
  constructor(base: string, status: number) {
    super(
      status,
      `${new URL(base).host}, which serves this page, is not a Jupyter server with nbsocket (it answered ` +
        `${status}). Open the notebook in JupyterLab or Notebook, or open the address from io.ticket().link ` +
        "in a browser.",
    );
  }
}

/** On every answer of ours, so that another server's are known for what they are. */
const OUR_MARK = "X-Nbsocket";

interface PageConfig {
  baseUrl?: string;
  token?: string;
}

function pageConfig(): PageConfig {
  const element = document.getElementById("jupyter-config-data");
  if (!element?.textContent) return {};
  try {
    return (JSON.parse(element.textContent) as PageConfig | null) ?? {};
  } catch {
    return {};
  }
}

/** The absolute base URL of the Jupyter server; `fallback` is the path that the kernel knows. */
export function baseUrl(fallback: string): string {
  const path = pageConfig().baseUrl ?? document.body.dataset.baseUrl ?? fallback;
  return new URL(path.endsWith("/") ? path : `${path}/`, location.origin).href;
}

function cookie(name: string): string | undefined {
  for (const part of document.cookie.split("; ")) {
    const [key, ...value] = part.split("=");
    if (key === name) return value.join("=");
  }
  return undefined;
}

/** Whether a server is known to be Jupyter with nbsocket. */
const known = new Set<string>();

async function api<T>(base: string, path: string, body?: unknown): Promise<T> {
  // Nothing is posted to a server before it has said that it is ours. Besides, pages of other extensions, such
  // as Voilà's, may not have been given the cookie that a POST needs.
  const isStrange = !known.has(base) && !isJupyterPage();
  const hasLogin = Boolean(cookie("_xsrf") || pageConfig().token);
  if (body !== undefined && (isStrange || !hasLogin)) {
    await call<unknown>(base, "nbsocket/api/version");
  }
  const answer = await call<T>(base, `nbsocket/api/${path}`, body);
  known.add(base);
  return answer;
}

/** Whether a page of JupyterLab, Notebook or the like says so itself. */
function isJupyterPage(): boolean {
  const isLab = document.getElementById("jupyter-config-data") !== null;
  return isLab || document.body?.dataset.baseUrl !== undefined;
}

/** Ask the Jupyter server with the page's own login. */
export function pageFetch(base: string, path: string, signal?: AbortSignal): Promise<Response> {
  return fetch(new URL(path, base), { ...withLogin(), ...(signal ? { signal } : {}) });
}

function withLogin(): RequestInit & { headers: Record<string, string> } {
  const headers: Record<string, string> = {};
  const xsrf = cookie("_xsrf");
  if (xsrf) headers["X-XSRFToken"] = xsrf;
  const token = pageConfig().token;
  if (token) headers.Authorization = `token ${token}`;
  return { headers, credentials: "same-origin", cache: "no-store" };
}

async function call<T>(base: string, path: string, body?: unknown): Promise<T> {
  const init = withLogin();
  if (body !== undefined) {
    init.headers["Content-Type"] = "application/json";
    init.method = "POST";
    init.body = JSON.stringify(body);
  }
  const response = await fetch(new URL(path, base), init);
  const isOurs = !path.startsWith("nbsocket/") || response.headers.has(OUR_MARK);
  // A proxy whose server is away for a while answers by itself, too.
  if (!isOurs && response.status < 500) throw new ForeignServerError(base, response.status);
  if (!response.ok) {
    let message = `${response.status} ${response.statusText}`;
    try {
      const said = (await response.json()) as { message?: string };
      if (said.message) message = said.message;
    } catch {
      // No JSON: the status says enough.
    }
    throw new ApiError(response.status, message);
  }
  return (await response.json()) as T;
}

/** Ask for a ticket with the page's own Jupyter login. */
export function mintTicket(base: string, channel: string, role: string): Promise<Ticket> {
  return api<Ticket>(base, `channels/${encodeURIComponent(channel)}/tickets`, { role });
}

/** Ask for a ticket that a frame uses up with one connection; `seat` is that of its tickets before, or empty. */
export function mintFrameTicket(
  base: string,
  channel: string,
  seat: string,
): Promise<Ticket & { seat: string }> {
  const body = { opens: "frame", ...(seat ? { seat } : {}) };
  return api(base, `channels/${encodeURIComponent(channel)}/tickets`, body);
}

/** Cut a frame's clients and make its tickets worthless; best effort, since the page may be going away. */
export function endSeat(base: string, channel: string, seat: string): void {
  const path = `nbsocket/api/channels/${encodeURIComponent(channel)}/tickets/${seat}`;
  fetch(new URL(path, base), { ...withLogin(), method: "DELETE", keepalive: true }).catch(() => {});
}

/** Ask whether a kernel holds the channel; an `ApiError` says why it cannot be used. */
export async function askChannel(base: string, channel: string): Promise<void> {
  await api<unknown>(base, `channels/${encodeURIComponent(channel)}`);
}

/** Restart the kernel that holds the channel, as the Kernel menu does. */
export async function restartKernelOf(base: string, channel: string): Promise<void> {
  const { kernel_id } = await api<{ kernel_id: string }>(
    base,
    `channels/${encodeURIComponent(channel)}`,
  );
  await call<unknown>(base, `api/kernels/${encodeURIComponent(kernel_id)}/restart`, {});
}

/**
 * The address of a WebSocket route. The login cookie goes along by itself; only where that does not do is the
 * page's token put into the address, which proxies may log.
 */
export function socketAddress(base: string, path: string, withToken = false): string {
  const address = new URL(path, base);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  const token = withToken ? pageConfig().token : undefined;
  if (token) address.searchParams.set("token", token);
  return address.href;
}
