// The frame of a plot: its title, its key, the table behind it, and the files it can become.

import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Bars } from "./bars";
import { type Histogram, histogramCsv } from "./histogram";
import { csv, type PlotData } from "./model";
import { Plot } from "./plot";
import { download, fileName, raster, standalone } from "./save";
import { inUnit } from "./units";

/** Rows of a table that is read aloud; a plot of more places shows every so many. */
const ROWS_MAX = 60;

interface FrameProps {
  id: string;
  title: string;
  table: () => string;
  asTable: ComponentChildren;
  actions?: ComponentChildren;
  children: (width: number, picture: RefObject<SVGSVGElement | null>) => ComponentChildren;
}

/** Measures the room there is. */
function useWidth(): [RefObject<HTMLElement | null>, number] {
  const host = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(560);
  useEffect(() => {
    const of = host.current;
    if (!of) return;
    const look = new ResizeObserver(() => setWidth(Math.max(240, Math.round(of.clientWidth))));
    look.observe(of);
    return () => look.disconnect();
  }, []);
  return [host, width];
}

function FigureFrame({ id, title, table, asTable, actions, children }: FrameProps) {
  const [host, width] = useWidth();
  const picture = useRef<SVGSVGElement>(null);
  const [open, setOpen] = useState(false);
  const svg = () => (picture.current ? standalone(picture.current, title) : null);
  const saveSvg = () => {
    const text = svg();
    if (text) download(new Blob([text], { type: "image/svg+xml" }), fileName(title, "svg"));
  };
  const savePng = async () => {
    const text = svg();
    const size = picture.current?.viewBox.baseVal;
    if (text && size) download(await raster(text, size.width, size.height), fileName(title, "png"));
  };
  const saveCsv = () => download(new Blob([table()], { type: "text/csv" }), fileName(title, "csv"));
  return (
    <figure class="figure-plot" ref={host} data-testid={`plot-${id}`}>
      <figcaption>
        <h2>{title}</h2>
        <span class="grow" />
        {actions}
        <button type="button" class="plain" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Plot" : "Table"}
        </button>
        <button
          type="button"
          class="plain"
          data-testid={`png-${id}`}
          aria-label={`Save ${title} as PNG`}
          onClick={() => void savePng()}
        >
          PNG
        </button>
        <button
          type="button"
          class="plain"
          data-testid={`svg-${id}`}
          aria-label={`Save ${title} as SVG`}
          onClick={saveSvg}
        >
          SVG
        </button>
        <button
          type="button"
          class="plain"
          data-testid={`csv-${id}`}
          aria-label={`Save ${title} as CSV`}
          onClick={saveCsv}
        >
          CSV
        </button>
      </figcaption>
      {open ? <div class="plot-table">{asTable}</div> : children(width, picture)}
    </figure>
  );
}

interface PlotFigureProps {
  id: string;
  data: PlotData;
  height?: number;
  cursor?: number | null;
  onPick?: (x: number) => void;
  actions?: ComponentChildren;
}

/** A plot of curves with everything around it. */
export function PlotFigure({ id, data, height = 180, cursor, onPick, actions }: PlotFigureProps) {
  return (
    <FigureFrame
      id={id}
      title={data.title}
      table={() => csv(data)}
      asTable={<Table data={data} />}
      actions={actions}
    >
      {(width, picture) => (
        <>
          <Plot
            data={data}
            width={width}
            height={height}
            cursor={cursor ?? null}
            onPick={onPick}
            picture={picture}
          />
          {data.curves.length > 1 && <Key data={data} />}
        </>
      )}
    </FigureFrame>
  );
}

function Key({ data }: { data: PlotData }) {
  return (
    <ul class="plot-key">
      {data.curves.map((curve) => (
        <li key={curve.id}>
          <svg width="18" height="8" aria-hidden="true">
            <line
              x1="0"
              x2="18"
              y1="4"
              y2="4"
              stroke={curve.color}
              stroke-width="2"
              stroke-dasharray={curve.dash}
            />
          </svg>
          {curve.name}
        </li>
      ))}
    </ul>
  );
}

function Table({ data }: { data: PlotData }) {
  const every = Math.max(1, Math.ceil(data.x.length / ROWS_MAX));
  return (
    <table>
      <caption class="quiet">
        {every > 1 ? `Every ${every}th of ${data.x.length} rows; the CSV file has all.` : ""}
      </caption>
      <thead>
        <tr>
          <th scope="col">{data.xName}</th>
          {data.curves.map((curve) => (
            <th scope="col" key={curve.id}>
              {curve.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {data.x.map((x, i) =>
          i % every ? null : (
            <tr key={x}>
              <th scope="row" class="number">
                {inUnit(x, data.xUnit)}
              </th>
              {data.curves.map((curve) => {
                const value = curve.values[i] ?? null;
                return (
                  <td key={curve.id} class="number">
                    {value === null ? "–" : inUnit(value, data.unit)}
                  </td>
                );
              })}
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}

/** A histogram with everything around it. */
export function HistogramFigure({
  of,
  color,
  height = 180,
}: {
  of: Histogram;
  color: string;
  height?: number;
}) {
  return (
    <FigureFrame
      id={of.id}
      title={of.name}
      table={() => histogramCsv(of)}
      asTable={
        <table>
          <thead>
            <tr>
              <th scope="col">from</th>
              <th scope="col">to</th>
              <th scope="col">count</th>
            </tr>
          </thead>
          <tbody>
            {of.buckets.map(([from, to, count]) => (
              <tr key={from}>
                <td class="number">{inUnit(from, of.unit)}</td>
                <td class="number">{inUnit(to, of.unit)}</td>
                <td class="number">{count}</td>
              </tr>
            ))}
          </tbody>
        </table>
      }
    >
      {(width, picture) => (
        <Bars of={of} color={color} width={width} height={height} picture={picture} />
      )}
    </FigureFrame>
  );
}
