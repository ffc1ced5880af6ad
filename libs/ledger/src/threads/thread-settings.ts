/** What both threads are given. */
export interface ThreadSettings {
  readonly role: 'writer' | 'reader';
  readonly node: string;
  readonly directory?: string;
  readonly url?: string;
  readonly days: number;
  readonly maxBytes: number;
}
