// Starts the page.

import { render } from "preact";
import { App } from "./app";
import { followKeys } from "./frame/keys";
import { followDraft } from "./state/draft";
import { followLab } from "./state/gallery";
import { followPreferences } from "./state/preferences";
import { followAddress, hideToken } from "./state/route";
import "./style/tokens.css";
import "./style/base.css";
import "./style/frame.css";
import "./style/setup.css";
import "./style/graph.css";
import "./style/tables.css";
import "./style/inspector.css";

hideToken();
followPreferences();
followAddress();
followDraft();
followLab();
followKeys();

const page = document.getElementById("page");
if (page) render(<App />, page);
