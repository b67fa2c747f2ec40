import { useId, useState } from "preact/hooks";

export interface AddressBarProps {
  readonly label: string;
  readonly placeholder: string;
  readonly button: string;
  readonly disabled?: boolean;
  /** Rejects with a sentence, which is shown. */
  readonly onGo: (text: string) => Promise<void>;
  readonly list?: readonly string[];
}

/** A field for an address, symbol or register, and what was wrong with it. */
export function AddressBar({ label, placeholder, button, disabled = false, onGo, list }: AddressBarProps) {
  const id = useId();
  const [text, setText] = useState("");
  const [error, setError] = useState<string | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  return (
    <form
      class="bar"
      onSubmit={(event) => {
        event.preventDefault();
        setBusy(true);
        onGo(text)
          .then(
            () => setError(undefined),
            (reason: unknown) => setError(reason instanceof Error ? reason.message : String(reason)),
          )
          .finally(() => setBusy(false));
      }}
    >
      <input
        type="text"
        aria-label={label}
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined ? undefined : id}
        placeholder={placeholder}
        value={text}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        {...(list === undefined ? {} : { list: `${id}-list` })}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {list !== undefined && (
        <datalist id={`${id}-list`}>
          {list.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
      <button type="submit" disabled={disabled || busy}>
        {button}
      </button>
      {busy && <progress aria-label="Loading" />}
      {error !== undefined && !busy && (
        <p class="wrong" id={id} role="alert">
          {error}
        </p>
      )}
    </form>
  );
}
