// Starts the page.

import { render } from "preact";
import { App } from "./app";
import { followKeys } from "./frame/keys";
import { followCursor } from "./state/cursor";
import { followDraft } from "./state/draft";
import { followLab } from "./state/gallery";
import { followPreferences } from "./state/preferences";
import { followAddress, hideToken } from "./state/route";
import { followStores } from "./state/stores";
import { followTimeline } from "./state/timeline";
import { followTour } from "./tour/state";
import "./style/tokens.css";
import "./style/base.css";
import "./style/frame.css";
import "./style/setup.css";
import "./style/graph.css";
import "./style/tables.css";
import "./style/inspector.css";
import "./style/float.css";
import "./style/spacetime.css";
import "./style/states.css";
import "./style/replicas.css";
import "./style/store.css";
import "./style/strip.css";

hideToken();
followPreferences();
followAddress();
followDraft();
followLab();
followStores();
followCursor();
followTimeline();
followKeys();
followTour();

const page = document.getElementById("page");
if (page) render(<App />, page);
