/** The path below which the page is served, with a slash at its end: the modules are in `<base>/assets/<hash>/`. */
export const BASE: string = new URL("../../", import.meta.url).pathname;

/** The address of something of the API: `api("/jobs", { search: "mail" })`. Empty parameters are left out. */
export function api(path: string, parameters: Parameters = {}): string {
  return `${BASE}api/v1${path}${query(parameters)}`;
}

/** The address of a view: `page("jobs/mail")`. */
export function page(path: string, parameters: Parameters = {}): string {
  return `${BASE}${path}${query(parameters)}`;
}

export function jobPage(name: string): string {
  return page(`jobs/${encodeURIComponent(name)}`);
}

export type Parameters = Readonly<Record<string, string | number | boolean | null | undefined>>;

function query(parameters: Parameters): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") search.append(key, String(value));
  }
  return search.size === 0 ? "" : `?${search}`;
}
