// Compare.

export function CompareView({ runs }: { runs: string[] }) {
  return <p class="empty">Nothing of {String(runs)} is drawn here.</p>;
}
