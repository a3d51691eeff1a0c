/* SPDX-License-Identifier: PostgreSQL */
/*
 * A picture in pixels.  The text is drawn with the fonts of this machine.
 */
#include "draw/png.h"

#include <cairo.h>
#include <librsvg/rsvg.h>

#include "base/log.h"

/* What cairo can make, and more than any screen shows. */
#define MOST_PIXELS 16000.0

static cairo_status_t
collect(void *closure, const unsigned char *bytes, unsigned int n)
{
	str_addn(closure, bytes, n);
	return CAIRO_STATUS_SUCCESS;
}

static status
failed(const char *why)
{
	log_error("could not make a PNG of the picture: %s", why);
	return STATUS_FAIL;
}

static status
paint(RsvgHandle *handle, double width, double height, struct str *out)
{
	RsvgRectangle place = {0, 0, width, height};
	cairo_surface_t *surface =
	    cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)width,
		(int)height);
	cairo_t *cr = cairo_create(surface);
	GError *error = NULL;
	cairo_status_t code;
	status s = STATUS_OK;

	if (!rsvg_handle_render_document(handle, cr, &place, &error))
		s = failed(error->message);
	g_clear_error(&error);
	if (s == STATUS_OK) {
		code = cairo_surface_write_to_png_stream(surface, collect, out);
		if (code != CAIRO_STATUS_SUCCESS)
			s = failed(cairo_status_to_string(code));
	}
	cairo_destroy(cr);
	cairo_surface_destroy(surface);
	return s;
}

status
draw_png(const struct str *svg, double scale, struct str *out)
{
	GError *error = NULL;
	RsvgHandle *handle;
	gdouble width = 0, height = 0;
	status s;

	handle = rsvg_handle_new_from_data((const guint8 *)str_text(svg),
	    svg->len, &error);
	if (handle == NULL) {
		s = failed(error->message);
		g_clear_error(&error);
		return s;
	}
	if (!rsvg_handle_get_intrinsic_size_in_pixels(handle, &width, &height))
		s = failed("it has no size");
	else if (width * scale > MOST_PIXELS || height * scale > MOST_PIXELS)
		s = failed("it is too large");
	else
		s = paint(handle, width * scale, height * scale, out);
	g_object_unref(handle);
	return s;
}
