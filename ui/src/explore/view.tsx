// Explore.

export function ExploreView({ job }: { job: string }) {
  return <p class="empty">Nothing of {String(job)} is drawn here.</p>;
}
