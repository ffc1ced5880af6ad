import { Dialog } from '@base-ui/react/dialog';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './basics.tsx';

interface ConfirmProps {
  /** On the button that opens it. */
  readonly action: string;
  /** On the button that does it; like the first one where absent. */
  readonly confirm?: string;
  /** Names what is touched. */
  readonly question: string;
  readonly isDangerous?: boolean;
  readonly isDisabled?: boolean;
  readonly onConfirm: () => void;
  readonly children?: ReactNode;
}

/** A button whose effect is confirmed first, by Enter in a field of the dialog too. */
export function Confirm({
  action,
  confirm = action,
  question,
  isDangerous,
  isDisabled,
  onConfirm,
  children,
}: ConfirmProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // A form that has the button in it is not submitted with it.
    event.stopPropagation();
    setOpen(false);
    onConfirm();
  };
  return (
    <Dialog.Root open={isOpen} onOpenChange={setOpen}>
      <Dialog.Trigger render={<Button kind={isDangerous ? 'danger' : 'plain'} disabled={isDisabled} />}>
        {action}
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 bg-black/50" />
        <Dialog.Popup className="fixed top-[12vh] left-1/2 max-h-[80vh] overflow-y-auto w-[min(92vw,32rem)] -translate-x-1/2 rounded-lg border border-line bg-card p-4 text-ink">
          <Dialog.Title className="mb-3 font-semibold break-words">{question}</Dialog.Title>
          <form onSubmit={submit}>
            {children}
            <div className="mt-4 flex justify-end gap-2">
              <Dialog.Close render={<Button />}>{t('cancel')}</Dialog.Close>
              <Button type="submit" kind={isDangerous ? 'danger' : 'primary'}>
                {confirm}
              </Button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
