/** VitePress's theme with the fonts of the reader's system: pages fetch nothing from other hosts. */
import theme from "vitepress/theme-without-fonts";
import "./style.css";

export default theme;
