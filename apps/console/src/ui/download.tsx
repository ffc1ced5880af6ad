import { useMutation } from '@tanstack/react-query';
import { Download as Icon } from 'lucide-react';
import type { ApiError } from '../api/client.ts';
import { Button } from './basics.tsx';
import { ProblemNote } from './problem.tsx';

interface DownloadProps {
  readonly action: string;
  readonly fileName: string;
  readonly read: () => Promise<string>;
}

/** A button that saves what it reads as a file. */
export function Download({ action, fileName, read }: DownloadProps) {
  const { mutate, error, isPending } = useMutation<void, ApiError>({
    mutationFn: async () => save(fileName, await read()),
  });
  return (
    <div>
      <Button onClick={() => mutate()} disabled={isPending}>
        <Icon size={14} aria-hidden />
        {action}
      </Button>
      <ProblemNote error={error} />
    </div>
  );
}

function save(fileName: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text]));
  const link = Object.assign(document.createElement('a'), { href: url, download: fileName });
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
