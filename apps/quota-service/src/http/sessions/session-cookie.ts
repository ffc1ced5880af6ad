/** A browser takes a cookie of this name only with `Secure`, for `/`, and of this host itself: no other host can set it. */
const SECURE = '__Host-sundial-session';
const PLAIN = 'sundial-session';

export interface SessionCookie {
  readonly token: string;
  /** Set on a page that came by HTTPS. */
  readonly isSecure: boolean;
}

/** The cookie of a session among those of a `Cookie` header; the secure one, where there are two. */
export function sessionCookieIn(header: string | undefined): SessionCookie | undefined {
  if (header === undefined) return undefined;
  const secure = valueOf(SECURE, header);
  if (secure !== undefined) return { token: secure, isSecure: true };
  const plain = valueOf(PLAIN, header);
  return plain === undefined ? undefined : { token: plain, isSecure: false };
}

/** As a `Set-Cookie` header. Scripts of the page cannot read it, and no other site can have it sent. */
export function setCookie({ token, isSecure }: SessionCookie, maxAgeMs: number): string {
  const name = isSecure ? SECURE : PLAIN;
  const age = Math.max(0, Math.floor(maxAgeMs / 1_000));
  return `${name}=${token}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
}

function valueOf(name: string, header: string): string | undefined {
  const pair = header.split(';').find((one) => one.trimStart().startsWith(`${name}=`));
  return pair?.slice(pair.indexOf('=') + 1).trim();
}
