//! `#[derive(Record)]`: gives a struct or enum its one canonical byte form.
//!
//! The bytes are protobuf's wire format in its strictest reading (see `nooterra_engine::record`).
//! Struct fields get tags 1, 2, 3, … in declaration order unless `#[tag(n)]` says otherwise (tags must ascend).
//! An enum without data is a number (declaration order from 0); an enum with data is a message holding exactly
//! one field, the variant's (declaration order from 1, or `#[tag(n)]`).
//! A struct's field with `#[record(skip)]` is no part of it: it has no tag and no bytes, and comes back as its default.
#![allow(missing_docs)]

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Error, Fields, Generics, Ident, LitInt, Type, parse_macro_input};

#[proc_macro_derive(Record, attributes(tag, record))]
pub fn derive_record(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn expand(input: &DeriveInput) -> Result<TokenStream, Error> {
    let full_name = full_name(&input.attrs)?;
    let name = match full_name {
        Some(n) => quote!(::nooterra_engine::record::Name::Full(#n)),
        None => {
            let ident = input.ident.to_string();
            quote!(::nooterra_engine::record::Name::Local(::core::module_path!(), #ident))
        }
    };
    match &input.data {
        Data::Struct(s) => Ok(message(input, &name, &s.fields)?),
        Data::Enum(e) if e.variants.iter().all(|v| matches!(v.fields, Fields::Unit)) && !force_message(&input.attrs) => {
            Ok(unit_enum(input, &name, &e.variants.iter().map(|v| v.ident.clone()).collect::<Vec<_>>()))
        }
        Data::Enum(e) => one_of(input, &name, e),
        Data::Union(u) => Err(Error::new(u.union_token.span, "a union has no canonical form")),
    }
}

fn is_skipped(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|a| a.path().is_ident("record") && a.parse_args::<Ident>().is_ok_and(|i| i == "skip"))
}

fn force_message(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|a| a.path().is_ident("record") && a.parse_args::<Ident>().is_ok_and(|i| i == "message"))
}

fn full_name(attrs: &[Attribute]) -> Result<Option<String>, Error> {
    for a in attrs.iter().filter(|a| a.path().is_ident("record")) {
        if a.parse_args::<Ident>().is_ok_and(|i| i == "message") {
            continue;
        }
        return Ok(Some(a.parse_args::<syn::LitStr>()?.value()));
    }
    Ok(None)
}

fn tag_of(attrs: &[Attribute]) -> Result<Option<u32>, Error> {
    attrs.iter().find(|a| a.path().is_ident("tag")).map(|a| a.parse_args::<LitInt>()?.base10_parse()).transpose()
}

struct FieldPlan {
    tag: u32,
    label: String,
    ty: Type,
}

fn plan(fields: &Fields) -> Result<Vec<FieldPlan>, Error> {
    let mut next = 1;
    let mut out = Vec::new();
    for (i, f) in fields.iter().enumerate().filter(|(_, f)| !is_skipped(&f.attrs)) {
        let tag = tag_of(&f.attrs)?.unwrap_or(next);
        if tag < next {
            return Err(Error::new_spanned(f, "tags must ascend"));
        }
        next = tag + 1;
        let label = f.ident.as_ref().map_or_else(|| format!("f{i}"), |id| id.to_string().trim_start_matches("r#").to_owned());
        out.push(FieldPlan { tag, label, ty: f.ty.clone() });
    }
    Ok(out)
}

fn bounds(g: &Generics) -> Generics {
    let mut g = g.clone();
    for p in g.type_params_mut() {
        p.bounds.push(syn::parse_quote!(::nooterra_engine::record::Slot));
        p.bounds.push(syn::parse_quote!('static));
    }
    g
}

fn shape_fields(plans: &[FieldPlan]) -> TokenStream {
    let rows = plans.iter().map(|p| {
        let (tag, label, ty) = (p.tag, &p.label, &p.ty);
        quote!(::nooterra_engine::record::FieldShape { tag: #tag, name: #label, kind: <#ty as ::nooterra_engine::record::Slot>::kind() })
    });
    quote!(::std::vec![#(#rows),*])
}

fn message(input: &DeriveInput, name: &TokenStream, fields: &Fields) -> Result<TokenStream, Error> {
    let ident = &input.ident;
    let plans = plan(fields)?;
    let g = bounds(&input.generics);
    let (ig, _, wc) = g.split_for_impl();
    let (_, tg, _) = input.generics.split_for_impl();
    let name_of = |(i, f): (usize, &syn::Field)| match &f.ident {
        Some(id) => quote!(#id),
        None => {
            let i = syn::Index::from(i);
            quote!(#i)
        }
    };
    let access: Vec<TokenStream> = fields.iter().enumerate().filter(|(_, f)| !is_skipped(&f.attrs)).map(name_of).collect();
    let skipped: Vec<TokenStream> = fields.iter().enumerate().filter(|(_, f)| is_skipped(&f.attrs)).map(name_of).collect();
    let enc = plans.iter().zip(&access).map(|(p, a)| {
        let tag = p.tag;
        quote!(::nooterra_engine::record::Slot::put_slot(&self.#a, #tag, w);)
    });
    let dec = plans.iter().zip(&access).map(|(p, a)| {
        let (tag, label) = (p.tag, &p.label);
        quote!(#a: ::nooterra_engine::record::Slot::take_slot(#tag, r).map_err(|e| e.within(#label))?)
    });
    let rows = shape_fields(&plans);
    Ok(quote! {
        #[automatically_derived]
        impl #ig ::nooterra_engine::record::Message for #ident #tg #wc {
            fn shape() -> ::nooterra_engine::record::Shape {
                ::nooterra_engine::record::Shape { name: #name, body: ::nooterra_engine::record::Body::Struct(#rows) }
            }
            fn put_body(&self, w: &mut ::nooterra_engine::record::Writer) { let _ = &w; #(#enc)* }
            fn take_body(r: &mut ::nooterra_engine::record::Reader<'_>) -> ::core::result::Result<Self, ::nooterra_engine::record::DecodeError> {
                let _ = &r;
                ::core::result::Result::Ok(Self { #(#dec,)* #(#skipped: ::core::default::Default::default(),)* })
            }
        }
        ::nooterra_engine::message_value!([#ig] #ident #tg [#wc]);
    })
}

fn unit_enum(input: &DeriveInput, name: &TokenStream, variants: &[Ident]) -> TokenStream {
    let ident = &input.ident;
    let idx: Vec<u64> = (0..variants.len() as u64).collect();
    let labels: Vec<String> = variants.iter().map(Ident::to_string).collect();
    quote! {
        #[automatically_derived]
        impl ::nooterra_engine::record::Value for #ident {
            const WIRE: ::nooterra_engine::record::Wire = ::nooterra_engine::record::Wire::Varint;
            fn kind() -> ::nooterra_engine::record::Kind {
                ::nooterra_engine::record::Kind::Enum(|| ::nooterra_engine::record::Shape { name: #name, body: ::nooterra_engine::record::Body::Enum(&[#(#labels),*]) })
            }
            #[inline]
            fn is_default(&self) -> bool { self.put_number() == 0 }
            fn absent() -> ::core::option::Option<Self> { Self::from_number(0) }
            #[inline]
            fn put(&self, w: &mut ::nooterra_engine::record::Writer) { w.varint(self.put_number()); }
            #[inline]
            fn put_field(&self, tag: u32, w: &mut ::nooterra_engine::record::Writer) { w.uint(tag, self.put_number()); }
            fn take(r: &mut ::nooterra_engine::record::Reader<'_>) -> ::core::result::Result<Self, ::nooterra_engine::record::DecodeError> {
                let n = r.varint()?;
                Self::from_number(n).ok_or_else(|| ::nooterra_engine::record::DecodeError::unknown(#name, n))
            }
        }
        #[automatically_derived]
        impl #ident {
            #[inline]
            fn put_number(&self) -> u64 { match self { #(Self::#variants => #idx),* } }
            fn from_number(n: u64) -> ::core::option::Option<Self> { match n { #(#idx => ::core::option::Option::Some(Self::#variants),)* _ => ::core::option::Option::None } }
        }
    }
}

fn one_of(input: &DeriveInput, name: &TokenStream, e: &syn::DataEnum) -> Result<TokenStream, Error> {
    let ident = &input.ident;
    let g = bounds(&input.generics);
    let (ig, _, wc) = g.split_for_impl();
    let (_, tg, _) = input.generics.split_for_impl();
    let mut next = 1;
    let (mut enc, mut dec, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for v in &e.variants {
        let tag = tag_of(&v.attrs)?.unwrap_or(next);
        if tag < next {
            return Err(Error::new_spanned(v, "tags must ascend"));
        }
        next = tag + 1;
        let (vid, label) = (&v.ident, v.ident.to_string());
        match &v.fields {
            Fields::Unnamed(u) if u.unnamed.len() == 1 => {
                let ty = &u.unnamed[0].ty;
                enc.push(quote!(Self::#vid(x) => ::nooterra_engine::record::put_one(x, #tag, w),));
                dec.push(quote!(#tag => Self::#vid(::nooterra_engine::record::take_one(#tag, r).map_err(|e| e.within(#label))?),));
                rows.push(quote!(::nooterra_engine::record::FieldShape { tag: #tag, name: #label, kind: <#ty as ::nooterra_engine::record::Value>::kind() }));
            }
            fields => {
                let plans = plan(fields)?;
                let binds: Vec<Ident> = plans.iter().map(|p| format_ident!("b_{}", p.label)).collect();
                let pat = match fields {
                    Fields::Named(n) => {
                        let ids = n.named.iter().map(|f| f.ident.clone());
                        quote!({ #(#ids: #binds),* })
                    }
                    Fields::Unnamed(_) => quote!(( #(#binds),* )),
                    Fields::Unit => quote!(),
                };
                let puts = plans.iter().zip(&binds).map(|(p, b)| {
                    let t = p.tag;
                    quote!(::nooterra_engine::record::Slot::put_slot(#b, #t, w);)
                });
                let takes = plans.iter().zip(&binds).map(|(p, b)| {
                    let (t, l) = (p.tag, &p.label);
                    quote!(let #b = ::nooterra_engine::record::Slot::take_slot(#t, r).map_err(|e| e.within(#l))?;)
                });
                let inner = shape_fields(&plans);
                enc.push(quote!(Self::#vid #pat => w.nested(#tag, |w| { let _ = &w; #(#puts)* }),));
                dec.push(quote!(#tag => r.nested(#tag, |r| { let _ = &r; #(#takes)* ::core::result::Result::Ok(Self::#vid #pat) }).map_err(|e| e.within(#label))?,));
                rows.push(quote!(::nooterra_engine::record::FieldShape { tag: #tag, name: #label, kind: ::nooterra_engine::record::Kind::Message(|| ::nooterra_engine::record::Shape {
                    name: #name.inner(#label), body: ::nooterra_engine::record::Body::Struct(#inner) }) }));
            }
        }
    }
    Ok(quote! {
        #[automatically_derived]
        impl #ig ::nooterra_engine::record::Message for #ident #tg #wc {
            fn shape() -> ::nooterra_engine::record::Shape {
                ::nooterra_engine::record::Shape { name: #name, body: ::nooterra_engine::record::Body::OneOf(::std::vec![#(#rows),*]) }
            }
            fn put_body(&self, w: &mut ::nooterra_engine::record::Writer) { match self { #(#enc)* } }
            fn take_body(r: &mut ::nooterra_engine::record::Reader<'_>) -> ::core::result::Result<Self, ::nooterra_engine::record::DecodeError> {
                ::core::result::Result::Ok(match r.peek_tag()? {
                    #(#dec)*
                    other => return ::core::result::Result::Err(::nooterra_engine::record::DecodeError::unknown(#name, u64::from(other))),
                })
            }
        }
        ::nooterra_engine::message_value!([#ig] #ident #tg [#wc]);
    })
}
